import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';

/** The tables of one source, or of all. */
export const useTables = (source?: string) =>
  useQuery(
    `tables ${source ?? ''}`,
    (client, signal) =>
      readAll((page) =>
        client.listTables({
          query: { ...page, ...(source === undefined ? {} : { source }) },
          signal,
        }),
      ),
    'calm',
    source,
  );
