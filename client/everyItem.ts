interface Page<Item> {
  readonly data: readonly Item[];
  readonly pagination: { readonly nextCursor: string | null };
}

/** All items of a list, page after page: `everyItem((cursor) => client.listSources({ query: { cursor } }))`. */
export async function* everyItem<Item>(
  page: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let cursor: string | undefined;
  do {
    const { data, pagination } = await page(cursor);
    yield* data;
    cursor = pagination.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
