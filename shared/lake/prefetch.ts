/**
 * Maps items in order, with up to `depth` calls under way. A consumer that stops early leaves the calls under
 * way to end by themselves; their failures are then nobody's.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  depth: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  for (const item of items) {
    const call = map(item);
    // It is awaited below; until then a failure must not count as unhandled.
    call.catch(() => undefined);
    waiting.push(call);
    if (waiting.length >= depth) yield await (waiting.shift() as Promise<Result>);
  }
  for (const call of waiting) yield await call;
}
