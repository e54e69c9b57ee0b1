const dayMicros = 86_400_000_000n;
const moment =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?: UTC|Z|([+-])(\d\d):?(\d\d)?)?)?$/;

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468;
}

/** Microseconds since 1970, UTC, of a date or time in a spelling that `classifyText` takes for one. */
export function momentMicros(text: string): bigint {
  const match = moment.exec(text);
  if (match === null) throw new RangeError('no moment');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const micros = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  const offset =
    (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * (match[8] === '-' ? -1 : 1);
  const inDay = ((hour * 60 + minute - offset) * 60 + second) * 1_000_000 + micros;
  return BigInt(daysOf(year, month, day)) * dayMicros + BigInt(inDay);
}

const zero = 0x30;

/** The value of the two digits at `at`; NaN where there are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero;
  const ones = text.charCodeAt(at + 1) - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

const hyphen = 0x2d;
const colon = 0x3a;

/**
 * The same of how most moments come, `2026-01-31T10:00:00.123Z` with or without a fraction of at most six digits, as a
 * number; NaN for any other text. Only years whose microseconds are whole numbers to JavaScript, and days that
 * every month has.
 */
export function plainMicros(text: string): number {
  const last = text.length - 1;
  if (last < 19 || last > 26 || text.charCodeAt(last) !== 0x5a) return Number.NaN;
  if (text.charCodeAt(4) !== hyphen || text.charCodeAt(7) !== hyphen) return Number.NaN;
  if (text.charCodeAt(10) !== 0x54 || text.charCodeAt(13) !== colon) return Number.NaN;
  if (text.charCodeAt(16) !== colon) return Number.NaN;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  const isPlain =
    year >= 1700 &&
    year <= 2250 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 28 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  if (!isPlain) return Number.NaN;
  let micros = 0;
  if (last > 19) {
    if (last === 20 || text.charCodeAt(19) !== 0x2e) return Number.NaN;
    let unit = 100_000;
    for (let at = 20; at < last; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - zero;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      micros += digit * unit;
    }
  }
  const seconds = daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  return seconds * 1_000_000 + micros;
}
