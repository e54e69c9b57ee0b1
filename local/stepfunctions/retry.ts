import type { Retrier } from './definition.ts';
import { handles } from './stateError.ts';

export interface NextAttempt {
  /** Retries taken so far, by retrier, this one included. */
  readonly retries: readonly number[];
  readonly delaySeconds: number;
}

/**
 * Whether a failed state is tried again, and after how long. The first retrier that names the error
 * decides, and counts for itself.
 */
export function nextAttempt(
  retriers: readonly Retrier[],
  retries: readonly number[],
  error: string,
  random: () => number,
): NextAttempt | null {
  const index = retriers.findIndex((retrier) => handles(retrier.ErrorEquals, error));
  const retrier = retriers[index];
  const taken = retries[index] ?? 0;
  if (!retrier || taken >= (retrier.MaxAttempts ?? 3)) return null;
  const full = Math.min(
    (retrier.IntervalSeconds ?? 1) * (retrier.BackoffRate ?? 2) ** taken,
    retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  );
  return {
    retries: retriers.map((_, other) => (retries[other] ?? 0) + (other === index ? 1 : 0)),
    delaySeconds: retrier.JitterStrategy === 'FULL' ? full * random() : full,
  };
}
