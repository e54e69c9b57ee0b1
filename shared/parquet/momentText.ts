const dayMicros = 86_400_000_000n;

/** `YYYY-MM-DD` of the days since 1970-01-01, years with four digits or more; ` BC` follows years before the first. */
export function dateText(days: number, bc = ' BC'): string {
  const { year, month, day } = civilFromDays(days);
  return `${ymd(year, month, day)}${year < 1 ? bc : ''}`;
}

/**
 * `YYYY-MM-DD HH:MM:SS[.ffffff]` of the microseconds since 1970, without zeros at the end, as PostgreSQL and DuckDB
 * print them; `zone` follows, and then ` BC` for years before the first.
 */
export function timestampText(micros: bigint, zone: string, bc = ' BC'): string {
  const remainder = micros % dayMicros;
  const inDay = remainder < 0n ? remainder + dayMicros : remainder;
  const { year, month, day } = civilFromDays(Number((micros - inDay) / dayMicros));
  const seconds = Number(inDay / 1_000_000n);
  const fraction = Number(inDay % 1_000_000n);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => two(part));
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return `${ymd(year, month, day)} ${clock.join(':')}${digits}${zone}${year < 1 ? bc : ''}`;
}

/** A decimal's text, with all digits of its scale. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

const ymd = (year: number, month: number, day: number): string =>
  `${String(year < 1 ? 1 - year : year).padStart(4, '0')}-${two(month)}-${two(day)}`;

/**
 * The proleptic Gregorian calendar, where year 0 is 1 BC. JavaScript's Date ends in 275760, before PostgreSQL's and
 * DuckDB's dates do. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month0 = Math.floor((5 * dayOfYear + 2) / 153);
  const month = month0 < 10 ? month0 + 3 : month0 - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * month0 + 2) / 5) + 1,
  };
}
