import {
  certificateProblem,
  networkFailures,
} from '../../shared/connectors/sql/connectionFailures.ts';
import { type ErrorCode, HeadgateError } from '../../shared/errors.ts';
import type { MysqlConfig } from './mysqlConfig.ts';

/** The server's number of an error; 0 for anything else. */
export const errnoOf = (error: unknown): number =>
  error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? error.errno : 0;

type Meaning = readonly [code: ErrorCode, advice: string];

const byNumber = (meaning: Meaning, ...numbers: readonly number[]): [number, Meaning][] =>
  numbers.map((number) => [number, meaning]);

/** Error number → what it is called here and what to do (MySQL, "Server Error Message Reference"; MariaDB, "Error Codes"). */
const meanings: ReadonlyMap<number, Meaning> = new Map([
  ...byNumber(['invalid_credentials', 'Check user and password.'], 1045, 1698, 1251, 1275),
  ...byNumber(
    ['invalid_credentials', 'The server lets this user in from other addresses only.'],
    1130,
  ),
  ...byNumber(
    ['invalid_credentials', 'The password has expired: set a new one at the server.'],
    1820,
    1862,
  ),
  ...byNumber(['invalid_credentials', 'The account is locked at the server.'], 3118, 4151),
  ...byNumber(
    ['source_forbidden', 'Grant the user SELECT on the database or its tables.'],
    1044,
    1142,
    1143,
    1227,
    1345,
    1370,
  ),
  ...byNumber(['source_not_found', 'Check the names of the databases: capitals count.'], 1049),
  ...byNumber(['source_not_found', 'The table may have been dropped or renamed.'], 1051, 1146),
  ...byNumber(
    ['source_not_found', 'A column may have been dropped or renamed meanwhile; run again.'],
    1054,
  ),
  ...byNumber(
    [
      'source_not_found',
      'The view names tables or columns that are gone, or that its definer may not read.',
    ],
    1356,
    1449,
  ),
  ...byNumber(
    ['source_unreachable', 'The server has no room left for another connection or its work.'],
    ...[1040, 1041, 1135, 1203, 1226, 1037, 1038, 1021, 1114],
  ),
  ...byNumber(
    [
      'source_unreachable',
      'The server refuses this address after too many broken connections: FLUSH HOSTS opens it again.',
    ],
    1129,
  ),
  ...byNumber(
    ['source_unreachable', 'Raise the statement timeout, or index the cursor column.'],
    1969,
    3024,
  ),
  ...byNumber(
    ['source_unreachable', 'Another session holds a lock on the table; run again later.'],
    1205,
    1213,
    3572,
  ),
  ...byNumber(['source_unreachable', 'The table was changed meanwhile; run again.'], 1412, 1615),
  ...byNumber(
    ['source_unreachable', 'The connection was ended at the server; run again.'],
    ...[1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 3169, 4031],
  ),
  ...byNumber(
    ['source_answer_invalid', 'A row is larger than the server’s max_allowed_packet.'],
    1153,
    1162,
    1301,
  ),
  ...byNumber(
    ['invalid_config', 'The server takes this user with TLS only. Set the TLS mode to require.'],
    3159,
  ),
  ...byNumber(['invalid_config', 'A date of the requested range is not a date.'], 1292, 1525),
]);

/** Says what an error of mysql2, the server or the network means; null for one of our own making. */
export function explainError(
  error: unknown,
  config: Pick<MysqlConfig, 'host' | 'port' | 'connectTimeoutSeconds'>,
): HeadgateError | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const server = `${config.host}:${config.port}`;
  const named = (as: ErrorCode, message: string): HeadgateError =>
    new HeadgateError(as, message, { cause: error, facts: code === '' ? {} : { reason: code } });
  const number = errnoOf(error);
  if (number > 0 && 'sqlMessage' in error) {
    const [as, advice] = meanings.get(number) ?? [
      'source_answer_invalid',
      'This is not a failure Headgate knows.',
    ];
    return named(as, `The server answered: ${error.message}. ${advice}`);
  }
  const tls = tlsProblem(error, code, config.host);
  if (tls !== null) return named('invalid_config', `TLS with ${server} failed: ${tls}`);
  if (code === 'ETIMEDOUT' && error.message === 'connect ETIMEDOUT')
    return named(
      'source_unreachable',
      `${server} did not answer within ${config.connectTimeoutSeconds} seconds. Check host and port; a firewall may be in between.`,
    );
  const cut = networkFailures[code];
  if (cut !== undefined) return named('source_unreachable', `${server} cannot be reached. ${cut}`);
  if (code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED')
    return named(
      'invalid_config',
      `${server} asks for the password in clear, which is sent in the TLS mode verify-full only.`,
    );
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR')
    return named(
      'invalid_credentials',
      `${server} wants a way to sign in that Headgate does not know: ${error.message.slice(0, 200)}`,
    );
  if (
    code.startsWith('PROTOCOL_') ||
    code.startsWith('HANDSHAKE_') ||
    /closed state/.test(error.message)
  )
    return named(
      'source_unreachable',
      code === 'PROTOCOL_CONNECTION_LOST' || code === ''
        ? `${server} closed the connection. Run again.`
        : `${server} does not answer as MySQL does: ${error.message.slice(0, 200)}`,
    );
  return null;
}

function tlsProblem(error: Error, code: string, host: string): string | null {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return 'the server does not speak it. Set the TLS mode to disable, or turn TLS on at the server.';
  if (!/^(HANDSHAKE_SSL_ERROR|ERR_(SSL|OSSL|TLS)_|EPROTO|CERT_|UNABLE_TO|DEPTH_|SELF_)/.test(code))
    return null;
  return (
    certificateProblem(error, code, host) ??
    `${error.message.replace(/^[0-9A-F]+:error:/, '').slice(0, 200)}. Check TLS mode, CA certificate, client certificate and key.`
  );
}
