import { HeadgateError } from '../../shared/errors.ts';

/** The type of a column of a result. */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}

const days = /^-?\d+$/;
/** Seconds since 1970 with nine digits behind the point; behind a space, what a zone is ahead of UTC. */
const seconds = /^(-?)(\d+)(?:\.(\d{1,9}))?(?: \d+)?$/;

/**
 * A value of a result as text in the form of `copyCsv`.
 * https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses#getting-the-data-from-the-results
 */
export function textOfCell(value: string | null, { name, type }: ResultColumn): string | null {
  if (value === null) return null;
  switch (type.toLowerCase()) {
    case 'boolean':
      return value === 'true' || value === '1' ? 't' : 'f';
    case 'date':
      if (!days.test(value)) throw unexpected(name, type);
      return dayOf(BigInt(value) * 86_400n, name, type).slice(0, 10);
    case 'time':
      return timeOf(value, name, type).slice(11);
    case 'timestamp_ntz':
      return timeOf(value, name, type);
    case 'timestamp_ltz':
    case 'timestamp_tz':
      return `${timeOf(value, name, type)}+00`;
    case 'binary':
      return `\\x${value.toLowerCase()}`;
    case 'real':
      return infinities[value.toLowerCase()] ?? value;
    default:
      return value;
  }
}

const infinities: Readonly<Record<string, string>> = { inf: 'Infinity', '-inf': '-Infinity' };

/** Tables keep microseconds: what Snowflake has beyond is cut off, downwards. */
function timeOf(value: string, name: string, type: string): string {
  const [, sign, whole, fraction = ''] = seconds.exec(value) ?? [];
  if (whole === undefined) throw unexpected(name, type);
  const nanoseconds = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  const signed = sign === '-' ? -nanoseconds : nanoseconds;
  const floor = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : (a - b + 1n) / b);
  const microseconds = floor(signed, 1000n);
  const secondsOf = floor(microseconds, 1_000_000n);
  const rest = microseconds - secondsOf * 1_000_000n;
  const text = dayOf(secondsOf, name, type);
  return rest === 0n ? text : `${text}.${String(rest).padStart(6, '0')}`;
}

function dayOf(since: bigint, name: string, type: string): string {
  const date = new Date(Number(since) * 1000);
  if (Number.isNaN(date.getTime())) throw unexpected(name, type);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '');
}

const unexpected = (name: string, type: string): HeadgateError =>
  new HeadgateError(
    'source_answer_invalid',
    `Snowflake answered a value of "${name}" that is no ${type}.`,
    {
      facts: { column: name },
    },
  );
