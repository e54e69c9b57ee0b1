import { vi } from 'vitest';

/** Waits until a check no longer throws: 20 s, because the machine may be busy. Throws what it threw last. */
export const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, 20_000);
