/** A service has 2 s to close; what it waits for gets less. */
export const closeMilliseconds = 1_500;

/** Resolves when the promise has settled, either way, or when the time is over. */
export async function settleWithin(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([promise.catch(() => undefined), over]);
  clearTimeout(timer);
}
