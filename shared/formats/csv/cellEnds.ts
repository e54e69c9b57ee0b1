const [lf, cr, zero, nine] = [10, 13, 48, 9];

/** In place of where a cell ends: it is not as expected. */
export const unusual = -1;

export const isDigit = (byte: number): boolean => (byte - zero) >>> 0 <= nine;

/** Where the digits from `start` on end. */
export function digitsEnd(block: Buffer, start: number): number {
  let position = start;
  while (isDigit(block[position] as number)) position++;
  return position;
}

/** Where the digits of a whole number end. A zero in front of other digits makes a text. */
export const wholeEnd = (block: Buffer, start: number): number =>
  block[start] === zero ? start + 1 : digitsEnd(block, start);

/** Where an unquoted text ends. There MUST be a line feed ahead. */
export function textEnd(block: Buffer, start: number, delimiter: number): number {
  let position = start;
  let byte = block[position] as number;
  while (byte !== delimiter && byte !== lf && byte !== cr) byte = block[++position] as number;
  return position;
}
