import type { Principal } from '../api/principal.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import { listStreams } from '../runs/streams.ts';
import { findSource } from '../sources/findSource.ts';
import { eachSource } from '../sources/listSources.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Table } from '../table.ts';

export interface ListedTable {
  readonly source: SourceItem;
  readonly stream: StreamItem;
}

/** A tenant's tables, by source in creation order, then by stream; after the one given. */
export async function* eachTable(
  table: Table,
  principal: Principal,
  after: { readonly sourceId: string; readonly stream: string } | null,
): AsyncGenerator<ListedTable> {
  if (after !== null) {
    const source = await findSource(table, principal.tenant, after.sourceId);
    if (source !== null && principal.sources?.includes(source.sourceId) !== false)
      for (const stream of await listStreams(table, source.tenant, source.sourceId))
        if (stream.stream > after.stream) yield { source, stream };
  }
  for await (const { source } of eachSource(table, principal, after?.sourceId ?? null)) {
    // Nothing ever ran, so there is nothing to look for.
    if (source.lastRun === null && source.syncCount === 0 && source.recordCount === 0) continue;
    for (const stream of await listStreams(table, source.tenant, source.sourceId))
      yield { source, stream };
  }
}
