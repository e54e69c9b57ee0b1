/** One line of a benchmark's report. */
export interface Figure {
  readonly what: string;
  readonly value: string;
}

export interface BenchResult {
  readonly title: string;
  readonly figures: readonly Figure[];
  /** Limits that were missed, in words; empty when all were kept. */
  readonly missed: readonly string[];
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

export const perSecond = (count: number, seconds: number): string =>
  `${Math.round(count / seconds).toLocaleString('en-US')} rows/s (${seconds.toFixed(1)} s)`;

/** `what ≥ least`, or a line that says it was missed. */
export const atLeast = (what: string, value: number, least: number): readonly string[] =>
  value >= least ? [] : [`${what} is ${value.toFixed(2)}, below ${least}`];

export const atMost = (what: string, value: number, most: number): readonly string[] =>
  value <= most ? [] : [`${what} is ${Math.round(value)}, above ${most}`];
