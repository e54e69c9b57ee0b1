import type { Json } from '../../json.ts';
import type { TimeFormat } from './restStream.ts';

/** A source's time as epoch milliseconds, fractions of them cut off; null for what is none. */
export function millisecondsOf(value: Json | undefined, format: TimeFormat): number | null {
  if (value === undefined || value === null || value === '') return null;
  const time =
    format === 'iso'
      ? typeof value === 'string'
        ? Date.parse(plainIso(value))
        : Number.NaN
      : Math.floor(Number(value) * (format === 'epochSeconds' ? 1000 : 1));
  return Number.isNaN(time) ? null : time;
}

/** ISO 8601 with a colon in its offset: `+0000` becomes `+00:00`. */
export const plainIso = (text: string): string =>
  text.replace(/^(\d{4}-\d\d-\d\d) /, '$1T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');

/** A time as a source's parameter takes it. Seconds round down for a lower end, up for an upper one. */
export function timeText(iso: string, format: TimeFormat, end: 'lower' | 'upper'): string {
  const milliseconds = Date.parse(iso);
  switch (format) {
    case 'iso':
      return iso;
    case 'epochMilliseconds':
      return String(milliseconds);
    case 'epochSeconds':
      return String(
        end === 'lower' ? Math.floor(milliseconds / 1000) : Math.ceil(milliseconds / 1000),
      );
  }
}
