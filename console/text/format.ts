const numberFormat = new Intl.NumberFormat('en-US');
const dateTimeFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** 1,234,567 */
export const countText = (value: number): string => numberFormat.format(value);

/** `1 row`, `2 rows`; `one` and `many` are the nouns. */
export const countOf = (value: number, one: string, many = `${one}s`): string =>
  `${countText(value)} ${value === 1 ? one : many}`;

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** 12 B, 3.4 MB: steps of 1,000. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Local date and time, whole. */
export const dateTimeText = (iso: string): string => dateTimeFormat.format(new Date(iso));

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const clockStepSeconds = 15;

/** “3 minutes ago”, “in 2 hours”, “just now”. */
export function relativeText(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, length] of steps)
    if (Math.abs(seconds) >= length)
      return relativeFormat.format(Math.trunc(seconds / length), unit);
  // The page’s clock moves in steps and may be a few behind the server’s.
  if (seconds > clockStepSeconds) return 'in less than a minute';
  return seconds > -5 ? 'just now' : relativeFormat.format(Math.trunc(seconds), 'second');
}

/** 0.4 s, 12 s, 3 min 5 s, 2 h 10 min. */
export function secondsText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}

/** Dollars with as many digits as say something: a run costs fractions of a cent. */
export const usdText = (usd: number): string =>
  usd === 0 ? '$0' : usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;

/** full_refresh → Full refresh */
export function wordsOf(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a person may call a key: letters, digits, dashes and underscores. */
export const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 100);
