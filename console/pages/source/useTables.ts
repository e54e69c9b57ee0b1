import type { TableSummary } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';

/** The tables of one source, or of all. */
export const useTables = (source?: string) =>
  useQuery(
    `tables ${source ?? ''}`,
    async (client, signal) => {
      const found: TableSummary[] = [];
      let cursor: string | undefined;
      do {
        const { data, pagination } = await client.listTables({
          query: {
            limit: 200,
            ...(source === undefined ? {} : { source }),
            ...(cursor === undefined ? {} : { cursor }),
          },
          signal,
        });
        found.push(...data);
        cursor = pagination.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return found;
    },
    'calm',
    source,
  );
