import {
  certificateProblem,
  networkFailures,
} from '../../shared/connectors/sql/connectionFailures.ts';
import { type ErrorCode, HeadgateError } from '../../shared/errors.ts';
import type { PostgresConfig } from './postgresConfig.ts';

/** SQLSTATE or the start of one → what it is called here and what to do (PostgreSQL, appendix A). */
const states: readonly (readonly [prefix: string, code: ErrorCode, advice: string])[] = [
  ['28', 'invalid_credentials', 'Check user and password.'],
  ['42501', 'source_forbidden', 'Grant the user SELECT on the table and USAGE on its schema.'],
  ['3D000', 'source_not_found', 'Check the name of the database.'],
  ['3F000', 'source_not_found', 'Check the names of the schemas.'],
  ['42P01', 'source_not_found', 'The table may have been dropped or renamed.'],
  ['42703', 'source_not_found', 'A column may have been dropped or renamed meanwhile; run again.'],
  ['53', 'source_unreachable', 'The server has no room left for another connection or its work.'],
  ['57014', 'source_unreachable', 'Raise the statement timeout, or index the cursor column.'],
  ['55P03', 'source_unreachable', 'Another session holds a lock on the table; run again later.'],
  ['57P', 'source_unreachable', 'The server is starting or stopping; run again later.'],
  ['08', 'source_unreachable', 'The connection broke; run again.'],
  ['40', 'source_unreachable', 'The server ended the transaction; run again.'],
  ['25P03', 'source_unreachable', 'The server ended an idle transaction; run again.'],
  ['22007', 'invalid_config', 'A date of the requested range is not a date.'],
  ['22008', 'invalid_config', 'A date of the requested range is out of range.'],
];

/** Says what an error of pg, the server or the network means; null for one of our own making. */
export function explainError(
  error: unknown,
  config: Pick<PostgresConfig, 'host' | 'port' | 'sslmode' | 'connectTimeoutSeconds'>,
): HeadgateError | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const server = `${config.host}:${config.port}`;
  const named = (as: ErrorCode, message: string): HeadgateError =>
    new HeadgateError(as, message, { cause: error, facts: code === '' ? {} : { reason: code } });
  const tls = tlsProblem(error, code, config.host);
  if (tls !== null) return named('invalid_config', `TLS with ${server} failed: ${tls}`);
  const cut = networkFailures[code];
  if (cut !== undefined) return named('source_unreachable', `${server} cannot be reached. ${cut}`);
  if (error.message === 'timeout expired')
    return named(
      'source_unreachable',
      `${server} did not answer within ${config.connectTimeoutSeconds} seconds. Check host and port; a firewall may be in between.`,
    );
  if (/^(Connection terminated|Client has encountered a connection error)/.test(error.message))
    return named('source_unreachable', `${server} closed the connection. Run again.`);
  // The driver's own, about the exchange of passwords.
  if (error.message.startsWith('SASL'))
    return named(
      'invalid_credentials',
      /password must be/.test(error.message)
        ? `${server} asks for a password, and none is given.`
        : `${server} and Headgate could not agree on the password: ${error.message}`,
    );
  if (!/^[0-9A-Z]{5}$/.test(code)) return null;
  if (code.startsWith('28') && /pg_hba\.conf/.test(error.message)) {
    if (config.sslmode === 'disable' && /no encryption|SSL off|rejects/.test(error.message))
      return named(
        'invalid_config',
        `${server} does not take this user without TLS. Set the TLS mode to require or stricter. (${error.message})`,
      );
    return named(
      'invalid_credentials',
      `${server} does not let this user in from here: its pg_hba.conf has to allow it. (${error.message})`,
    );
  }
  const [, as, advice] = states.find(([prefix]) => code.startsWith(prefix)) ?? [
    code,
    'source_answer_invalid' as const,
    'This is not a failure Headgate knows.',
  ];
  return named(as, `The database answered: ${error.message}. ${advice}`);
}

function tlsProblem(error: Error, code: string, host: string): string | null {
  const problem = certificateProblem(error, code, host);
  if (problem !== null) return problem;
  if (error.message === 'The server does not support SSL connections')
    return 'the server does not speak it. Set the TLS mode to disable, or turn TLS on at the server.';
  if (/certificate required/i.test(error.message))
    return 'the server asks for a client certificate.';
  if (
    /^ERR_(SSL|OSSL|TLS)_/.test(code) ||
    code === 'EPROTO' ||
    /SSL connection/.test(error.message)
  )
    return `${error.message.replace(/^[0-9A-F]+:error:/, '').slice(0, 200)}. Check TLS mode, CA certificate, client certificate and key.`;
  return null;
}
