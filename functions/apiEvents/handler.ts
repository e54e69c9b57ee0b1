import { createApi } from '../../shared/api/createApi.ts';
import { readHead } from '../../shared/events/eventItem.ts';
import { readEvents } from '../../shared/events/readEvents.ts';
import { isFor } from '../../shared/events/tellConnections.ts';
import type { Log } from '../../shared/log.ts';
import { requireSourceOf } from '../../shared/sources/findSource.ts';
import type { Table } from '../../shared/table.ts';

export interface Dependencies {
  readonly table: Table;
  /** Of the WebSocket. */
  readonly liveUrl: string;
  readonly now: () => Date;
  readonly log: Log;
}

/** What happened in the caller's tenant, and who else is to be told of it. */
export const makeHandler = ({ table, liveUrl, log }: Dependencies) =>
  createApi(
    'apiEvents',
    {
      getLiveAddress: async () => ({ url: liveUrl }),
      listEvents: async ({ principal, query }) => {
        const { tenant } = principal;
        const source =
          query.source === undefined ? null : await requireSourceOf(table, principal, query.source);
        const mayHear = isFor(principal);
        const page = await readEvents(table, tenant, {
          after: query.after ?? Math.max(0, (await readHead(table, tenant)) - query.limit),
          limit: query.limit,
          wants: (event) =>
            mayHear(event) && (source === null || event.sourceId === source.sourceId),
        });
        return {
          events: [...page.events],
          upTo: page.upTo,
          head: page.head,
          reset: page.lost,
        };
      },
    },
    { log },
  );
