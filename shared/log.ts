import { secretSpellings } from './secretSpellings.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Fixed fields of a line; anything else goes under its own name. Values MUST be JSON. */
export interface LogFields {
  readonly tenant?: string;
  readonly sourceId?: string;
  readonly runId?: string;
  readonly attempt?: number;
  readonly stream?: string;
  readonly code?: string;
  readonly [name: string]: unknown;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry `fields`. */
  with(fields: LogFields): Log;
  /** From now on every occurrence of these values, in any field or message, is written as `***`. */
  redact(secrets: Iterable<string>): void;
}

/** Shorter values than this would turn ordinary text into stars; such secrets are not replaced. */
const shortestSecret = 4;

/** One JSON object a line. `write` receives the line without its line end. */
export function createLog(
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
  now: () => Date = () => new Date(),
): Log {
  const secrets = new Set<string>();
  const hide = (text: string): string => {
    let hidden = text;
    for (const secret of secrets) hidden = hidden.replaceAll(secret, '***');
    return hidden;
  };
  const make = (base: LogFields): Log => {
    const line = (level: Level, message: string, fields: LogFields = {}): void =>
      write(
        hide(
          JSON.stringify(
            { time: now().toISOString(), level, message, ...base, ...fields },
            plainError,
          ),
        ),
      );
    return {
      debug: (message, fields) => line('debug', message, fields),
      info: (message, fields) => line('info', message, fields),
      warn: (message, fields) => line('warn', message, fields),
      error: (message, fields) => line('error', message, fields),
      with: (fields) => make({ ...base, ...fields }),
      redact: (values) => {
        for (const value of values) {
          if (value.length < shortestSecret) continue;
          for (const spelling of secretSpellings(value)) secrets.add(spelling);
        }
      },
    };
  };
  return make({});
}

function plainError(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, ...('code' in value ? { code: value.code } : {}), stack, cause };
}
