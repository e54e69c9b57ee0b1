import {
  certificateProblem,
  networkFailures,
} from '../../shared/connectors/sql/connectionFailures.ts';
import { type ErrorCode, HeadgateError } from '../../shared/errors.ts';
import type { KafkaConfig } from './kafkaConfig.ts';

/** https://kafka.apache.org/protocol#protocol_error_codes */
const meanings: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  SASL_AUTHENTICATION_FAILED: [
    'invalid_credentials',
    'the user or the password is wrong. Check both, and the kind of sign-in.',
  ],
  UNSUPPORTED_SASL_MECHANISM: [
    'invalid_config',
    'this kind of sign-in is not offered there. Choose another one.',
  ],
  ILLEGAL_SASL_STATE: ['invalid_config', 'no sign-in is expected there. Set it to none.'],
  TOPIC_AUTHORIZATION_FAILED: [
    'source_forbidden',
    'the user may not read the topic. Grant Describe and Read on it.',
  ],
  CLUSTER_AUTHORIZATION_FAILED: ['source_forbidden', 'the user may not ask the cluster.'],
  UNKNOWN_TOPIC_OR_PARTITION: [
    'source_not_found',
    'there is no such topic, or the user may not know of it.',
  ],
  INVALID_TOPIC_EXCEPTION: ['source_not_found', 'the topic cannot exist by that name.'],
  OFFSET_OUT_OF_RANGE: [
    'cursor_expired',
    'records were dropped by retention while they were read. Run again.',
  ],
  UNSUPPORTED_VERSION: [
    'invalid_config',
    'the broker is too old. Kafka 2.8 and later are supported.',
  ],
};

/** Errors that pass when the cluster has settled. */
const passing = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'BROKER_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'OFFSET_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
]);

/** An error, its causes and what is gathered in it, the outermost first. */
function* within(
  error: unknown,
  depth = 0,
): Generator<Error & { code?: unknown; apiId?: unknown }> {
  if (!(error instanceof Error) || depth > 6) return;
  yield error;
  if (error instanceof AggregateError)
    for (const each of error.errors as readonly unknown[]) yield* within(each, depth + 1);
  yield* within(error.cause, depth + 1);
}

/** Whether asking again, once the cluster's leaders are known anew, may help. */
export const mayPass = (error: unknown): boolean =>
  [...within(error)].some(({ apiId }) => typeof apiId === 'string' && passing.has(apiId));

/** What an error of the library means, by what lies at its bottom. */
export function explainError(
  error: unknown,
  { brokers }: Pick<KafkaConfig, 'brokers'>,
): HeadgateError | null {
  const where = brokers.slice(0, 3).join(', ');
  const all = [...within(error)];
  const failure = (code: ErrorCode, message: string): HeadgateError =>
    new HeadgateError(code, message, { cause: error, facts: { brokers: where } });
  for (const { apiId } of all) {
    const meaning = typeof apiId === 'string' ? meanings[apiId] : undefined;
    if (meaning !== undefined) return failure(meaning[0], `Kafka at ${where}: ${meaning[1]}`);
  }
  for (const each of all) {
    const code = String(each.code ?? '');
    const problem = certificateProblem(each, code, where);
    if (problem !== null) return failure('invalid_config', `Kafka at ${where}: ${problem}`);
    const network = networkFailures[code];
    if (network !== undefined)
      return failure('source_unreachable', `Kafka at ${where}: ${network}`);
  }
  const isOf = (code: string): boolean => all.some((each) => each.code === code);
  if (
    all.some(({ message }) =>
      /Broker requires TLS|TLS handshake failed|wrong version number/i.test(message),
    )
  )
    return failure('invalid_config', `Kafka at ${where}: the TLS mode does not fit the brokers’.`);
  if (isOf('PLT_KFK_AUTHENTICATION'))
    return failure(
      'invalid_credentials',
      `Kafka at ${where}: the user or the password is wrong, or this kind of sign-in is not offered.`,
    );
  if (all.some(({ apiId }) => typeof apiId === 'string' && passing.has(apiId)))
    return failure('source_unreachable', `Kafka at ${where}: a partition has no leader now.`);
  if (isOf('PLT_KFK_NETWORK') || isOf('PLT_KFK_TIMEOUT'))
    return failure(
      'source_unreachable',
      `Kafka at ${where}: the connection was cut, or nothing answered in time. A broker that expects another TLS mode or a sign-in does that, too.`,
    );
  return null;
}
