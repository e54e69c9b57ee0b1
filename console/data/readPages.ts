interface Answer<Row> {
  readonly data: readonly Row[];
  readonly pagination: { readonly nextCursor: string | null };
}

/** What each request for a page is asked with. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string;
}

export interface ReadPages<Row> {
  readonly rows: readonly Row[];
  /** There are more than were wanted. */
  readonly hasMore: boolean;
}

const mostPerPage = 200;

/** Reads a list page by page, until there are as many rows as wanted; left out: all. A last page may bring more. */
export async function readPages<Row>(
  ask: (query: PageQuery) => Promise<Answer<Row>>,
  wanted = Number.POSITIVE_INFINITY,
): Promise<ReadPages<Row>> {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const { data, pagination } = await ask({
      limit: Math.min(mostPerPage, wanted - rows.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    rows.push(...data);
    cursor = pagination.nextCursor ?? undefined;
  } while (cursor !== undefined && rows.length < wanted);
  return { rows, hasMore: cursor !== undefined };
}

/** The whole list. */
export const readAll = async <Row>(
  ask: (query: PageQuery) => Promise<Answer<Row>>,
): Promise<readonly Row[]> => (await readPages(ask)).rows;
