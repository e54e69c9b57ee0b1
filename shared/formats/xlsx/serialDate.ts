import type { NumberMeaning } from './numberFormat.ts';

const dayMilliseconds = 86_400_000;
const epoch1900 = Date.UTC(1899, 11, 30);
const epoch1904 = Date.UTC(1904, 0, 1);
/** 31 December 9999, the last day Excel knows. */
const lastSerial = 2_958_465;

/**
 * The text of a number that is shown as a date or time; null when it is none (negative, beyond the year 9999).
 * Excel counts days, in the 1900 system with a 29 February 1900 that never was. Rounded to milliseconds, as
 * Excel keeps them. A date with a time of day keeps it; a time without a day is `HH:MM:SS`.
 */
export function serialText(
  serial: number,
  meaning: Exclude<NumberMeaning, 'number'>,
  is1904: boolean,
): string | null {
  if (!(serial >= 0) || serial >= lastSerial + 1) return null;
  const milliseconds = Math.round(serial * dayMilliseconds);
  const days = Math.floor(milliseconds / dayMilliseconds);
  const inDay = milliseconds - days * dayMilliseconds;
  if (meaning === 'time' && days === 0) return clock(inDay);
  if (!is1904 && days === 60) return null;
  if (!is1904 && days === 0) return meaning === 'date' && inDay === 0 ? null : clock(inDay);
  const shift = is1904 ? epoch1904 : days < 60 ? epoch1900 + dayMilliseconds : epoch1900;
  const date = new Date(shift + days * dayMilliseconds).toISOString().slice(0, 10);
  return meaning === 'date' && inDay === 0 ? date : `${date} ${clock(inDay)}`;
}

function clock(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString().slice(11, 23);
  return text.endsWith('.000') ? text.slice(0, 8) : text;
}
