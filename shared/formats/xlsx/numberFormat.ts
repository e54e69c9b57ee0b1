/** What a cell's number format makes of a number. */
export type NumberMeaning = 'number' | 'date' | 'time' | 'dateTime';

/** Built-in formats that show dates or times (ECMA-376 part 1, 18.8.30, and the East Asian ones beside it). */
const builtIn: Readonly<Record<number, NumberMeaning>> = {
  ...ids('date', 14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58),
  ...ids('time', 18, 19, 20, 21, 32, 33, 34, 35, 55, 56),
  ...ids('dateTime', 22),
};

function ids(meaning: NumberMeaning, ...numbers: readonly number[]): Record<number, NumberMeaning> {
  return Object.fromEntries(numbers.map((number) => [number, meaning]));
}

/** What format `id` means, given the workbook's own format codes. */
export function meaningOf(id: number, codes: ReadonlyMap<number, string>): NumberMeaning {
  const code = codes.get(id);
  return code === undefined ? (builtIn[id] ?? 'number') : meaningOfCode(code);
}

/** Durations (`[h]:mm`) stay numbers: they are amounts of days, not moments. */
function meaningOfCode(code: string): NumberMeaning {
  const [section = ''] = code
    .replace(/"[^"]*"|\\.|_.|\*./g, '')
    .replace(/\[\$[^\]]*\]/g, '')
    .split(';');
  if (/\[(h+|m+|s+)\]/i.test(section)) return 'number';
  const letters = section
    .replace(/\[[^\]]*\]/g, '')
    .replace(/am\/pm|a\/p|general/gi, '')
    .toLowerCase();
  const hasTime = /[hs]/.test(letters);
  // `m` is minutes beside hours or seconds, else months.
  const hasDate = /[yd]/.test(letters) || (/m/.test(letters) && !hasTime);
  if (hasDate) return hasTime ? 'dateTime' : 'date';
  return hasTime ? 'time' : 'number';
}
