import type { DataFile } from './dataFile.ts';

const furthest = 2n ** 53n;

/**
 * Whether the bounds of live data files prove that every value of a `long` column lies within ±2^53, so that a
 * double holds it exactly: what `planSchema` asks when a column that was long turns up as double. A file that holds
 * values of the column and no bounds proves nothing.
 */
export function longsFitDouble(files: Iterable<DataFile>, fieldId: number): boolean {
  for (const { valueCounts, nullCounts, lowerBounds, upperBounds } of files) {
    if ((valueCounts[fieldId] ?? 0) === (nullCounts[fieldId] ?? 0)) continue;
    const [lower, upper] = [valueOfBound(lowerBounds[fieldId]), valueOfBound(upperBounds[fieldId])];
    if (lower === null || upper === null || lower < -furthest || upper > furthest) return false;
  }
  return true;
}

/** Files written while the column was `int` have bounds of 4 bytes. */
function valueOfBound(bound: string | undefined): bigint | null {
  if (bound === undefined) return null;
  const bytes = Buffer.from(bound, 'base64');
  if (bytes.length === 8) return bytes.readBigInt64LE();
  return bytes.length === 4 ? BigInt(bytes.readInt32LE()) : null;
}
