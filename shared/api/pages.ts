/** Cuts `limit + 1` results down to a page. */
export function pageFrom<Item, View>(
  found: readonly Item[],
  limit: number,
  view: (item: Item) => View,
  cursorAfter: (last: Item) => string,
): {
  data: View[];
  pagination: { limit: number; hasMore: boolean; nextCursor: string | null };
} {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return {
    data: page.map(view),
    pagination: { limit, hasMore, nextCursor: hasMore ? cursorAfter(last) : null },
  };
}
