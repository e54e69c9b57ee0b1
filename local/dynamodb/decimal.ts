import { validationError } from './failures.ts';

/** Most significant digits of a DynamoDB number. */
const maxDigits = 38;

interface Decimal {
  readonly unscaled: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

function parse(text: string): Decimal {
  const [whole = '0', fraction = ''] = text.split('.');
  return { unscaled: BigInt(whole + fraction), scale: fraction.length };
}

const align = (left: Decimal, right: Decimal): readonly [bigint, bigint, number] => {
  const scale = Math.max(left.scale, right.scale);
  const shift = ({ unscaled, scale: own }: Decimal): bigint =>
    unscaled * 10n ** BigInt(scale - own);
  return [shift(left), shift(right), scale];
};

/** Below zero, zero or above zero, exactly. Both MUST be in plain notation, as validated requests are. */
export function compareNumbers(left: string, right: string): number {
  const [mine, other] = align(parse(left), parse(right));
  return mine < other ? -1 : mine > other ? 1 : 0;
}

/** The exact sum; throws ValidationException when it needs more than 38 digits. */
export function addNumbers(left: string, right: string): string {
  const [mine, other, scale] = align(parse(left), parse(right));
  return format(mine + other, scale);
}

export const negate = (number: string): string =>
  number.startsWith('-') ? number.slice(1) : `-${number}`;

function format(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  if ((whole + fraction).replace(/^0+|0+$/g, '').length > maxDigits)
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}
