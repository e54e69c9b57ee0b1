import type { Connector } from '../shared/connectors/connector.ts';
import { defineLogConnector } from '../shared/connectors/logs/defineLogConnector.ts';
import type { LogCheckpoint } from '../shared/connectors/logs/logCheckpoint.ts';
import type { LogLimits } from '../shared/connectors/logs/readTopic.ts';
import { explainError } from './kafka/explainError.ts';
import {
  type KafkaConfig,
  type KafkaCredentials,
  kafkaConfig,
  kafkaCredentials,
} from './kafka/kafkaConfig.ts';
import { openDecoder } from './kafka/openDecoder.ts';
import { openSession } from './kafka/openSession.ts';

/** Apache Kafka 2.8 and later, and what speaks its protocol. `limits` is for tests. */
export const makeKafka = (
  limits?: LogLimits,
): Connector<KafkaConfig, KafkaCredentials, LogCheckpoint> =>
  defineLogConnector(
    {
      name: 'kafka',
      title: 'Apache Kafka',
      description: 'Topics of a Kafka cluster: a row per record, or a row per key.',
      docs: 'https://kafka.apache.org/documentation/',
      labels: ['stream'],
      authMethods: [
        { name: 'none', title: 'None', fields: [] },
        { name: 'password', title: 'SASL user and password', fields: ['user', 'password'] },
        {
          name: 'key',
          title: 'Client certificate',
          fields: ['clientCertificate', 'clientKey'],
        },
      ],
      config: kafkaConfig,
      credentials: kafkaCredentials,
      dialect: {
        connect: openSession,
        explain: (error, { config }) => explainError(error, config),
        decoder: openDecoder,
      },
    },
    limits,
  );

export default makeKafka();
