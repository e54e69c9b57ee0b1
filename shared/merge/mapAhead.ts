/**
 * Maps items in order, with up to `depth` calls under way. A consumer that stops early waits until those are over;
 * their failures are then nobody's.
 */
export async function* mapAhead<Item, Result>(
  items: AsyncIterable<Item>,
  depth: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const call = map(item);
      // It is awaited below; until then a failure must not count as unhandled.
      call.catch(() => undefined);
      waiting.push(call);
      if (waiting.length >= depth) {
        yield await (waiting[0] as Promise<Result>);
        waiting.shift();
      }
    }
    while (waiting.length > 0) {
      yield await (waiting[0] as Promise<Result>);
      waiting.shift();
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}
