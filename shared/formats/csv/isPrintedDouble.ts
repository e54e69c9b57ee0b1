const [minus, point, zero] = [45, 46, 48];

/** Up to it, powers of ten and their products with a correction are exact, and no tie is near enough to be missed. */
const mostScale = 18;
const powers = Float64Array.from({ length: mostScale + 1 }, (_, scale) => Number(`1e${scale}`));
const [highs, lows] = [
  powers.map((power) => highHalf(power)),
  powers.map((power) => power - highHalf(power)),
];

/** No double prints more digits. */
const mostDigits = 17;
/** Below it, doubles print with an exponent. */
const leastPlain = 1e-6;
const digitsInTail = 8;

/**
 * Whether the plain number in `[start, end)` is, digit for digit, what its double prints as:
 * `String(Number(text)) === text`, at a quarter of the price, because no text is made.
 *
 * A double prints as the shortest number that is nearer to it than to any other double, and of those as the nearest.
 * So with `digits / power` the number, `double` the one nearest to it, and `rest` how far `double * power` is from
 * `digits`: the number is the nearest of its length when `rest` is below a half, and no shorter number will do when
 * both neighbours whose last digit is 0 are another double. `rest` has to be known beyond the precision of doubles:
 * sums and products are made in two parts, without error (Dekker, "A floating-point technique for extending the
 * available precision", 1971). Of such fractions none is so close to the border between two doubles that an error in
 * the last place of `rest / power` could move it across.
 */
export function isPrintedDouble(block: Buffer, start: number, end: number): boolean {
  let head = 0;
  let tail = 0;
  let digits = 0;
  let scale = -1;
  const first = block[start] === minus ? start + 1 : start;
  for (let at = end - 1, unit = 1; at >= first; at--) {
    const byte = block[at] as number;
    if (byte === point) {
      scale = digits;
      continue;
    }
    // The last digits are one exact number, those in front of them another.
    if (digits < digitsInTail) tail += (byte - zero) * unit;
    else if (digits < mostDigits) head += (byte - zero) * unit;
    else if (byte !== zero) return false;
    digits++;
    unit = digits === digitsInTail ? 1 : unit * 10;
  }
  const last = tail % 10;
  if (scale < 1 || scale > mostScale) return isPrintedSlowly(block, start, end);
  if (last === 0) return false;
  const power = powers[scale] as number;

  const front = head * 1e8;
  const whole = front + tail;
  const wholeError = tail - (whole - front);
  const quotient = whole / power;
  if (quotient < leastPlain) return isPrintedSlowly(block, start, end);
  const product = quotient * power;
  const [high, powerHigh, powerLow] = [
    highHalf(quotient),
    highs[scale] as number,
    lows[scale] as number,
  ];
  const low = quotient - high;
  const productError =
    high * powerHigh - product + high * powerLow + low * powerHigh + low * powerLow;
  const difference = whole - product - productError + wholeError;
  const double = quotient + difference / power;
  const rest = difference - (double - quotient) * power;

  if (Math.abs(rest) === 0.5) return isPrintedSlowly(block, start, end);
  return (
    Math.abs(rest) < 0.5 &&
    double + (rest - last) / power !== double &&
    double + (rest + 10 - last) / power !== double
  );
}

/** The upper 26 bits of a double's 53, so that products of halves are exact (Veltkamp). */
function highHalf(value: number): number {
  const scaled = value * 134_217_729;
  return scaled - (scaled - value);
}

function isPrintedSlowly(block: Buffer, start: number, end: number): boolean {
  const written = block.toString('latin1', start, end);
  return String(Number(written)) === written;
}
