import * as z from 'zod';
import { logOptions } from '../../shared/connectors/logs/logOptions.ts';
import {
  clientCertificateFields,
  timeoutSettings,
  tlsSettings,
} from '../../shared/connectors/sql/serverOptions.ts';

/** `host:port`; IPv6 addresses in brackets. */
const brokerPattern = /^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]{1,253}):\d{1,5}$/;

export const kafkaConfig = z.strictObject({
  brokers: z.array(z.string().regex(brokerPattern, 'not host:port')).min(1).max(20).meta({
    title: 'Brokers',
    description: 'Some brokers of the cluster, as host:port. The others are found through them.',
  }),
  ...tlsSettings,
  sasl: z.enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512']).default('none').meta({
    title: 'Sign-in',
    description:
      'How the user signs in (SASL). plain sends the password as it is, so use it with TLS. none: not at all, or by a client certificate.',
  }),
  ...logOptions,
  keyFormat: z.enum(['text', 'avro', 'base64']).default('text').meta({
    title: 'Format of keys',
    description: 'text: UTF-8. avro: with a schema registry, as JSON text. base64: any bytes.',
  }),
  valueFormat: z.enum(['json', 'text', 'avro', 'base64']).default('json').meta({
    title: 'Format of values',
    description:
      'json: fields of an object become columns, anything else is kept as text. text: UTF-8. avro: with a schema registry. base64: any bytes.',
  }),
  schemaRegistry: z
    .url({ protocol: /^https?$/ })
    .max(1_000)
    .optional()
    .meta({
      title: 'Schema registry',
      description: 'Address of a Confluent-compatible schema registry, for avro.',
    }),
  connectTimeoutSeconds: timeoutSettings.connectTimeoutSeconds,
});
export type KafkaConfig = z.infer<typeof kafkaConfig>;

export const kafkaCredentials = z.strictObject({
  user: z.string().min(1).max(500).optional().meta({
    title: 'User',
    description: 'Name of the SASL user, or an API key. It needs Describe and Read on the topics.',
  }),
  password: z.string().min(1).max(4_000).optional().meta({
    title: 'Password',
    description: 'Its password, or the API key’s secret.',
    secret: true,
  }),
  ...clientCertificateFields,
  registryUser: z.string().min(1).max(500).optional().meta({
    title: 'User of the registry',
    description: 'Left out where the schema registry asks for none.',
  }),
  registryPassword: z.string().min(1).max(4_000).optional().meta({
    title: 'Password of the registry',
    description: 'Password or API secret of that user.',
    secret: true,
  }),
});
export type KafkaCredentials = z.infer<typeof kafkaCredentials>;
