import { useState } from 'react';
import type { TableSummary } from '../../../client/generated.ts';
import { useParam } from '../../app/router.ts';
import { bytesText, countText } from '../../text/format.ts';
import { Button, Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { Pager } from '../../ui/Pager.tsx';
import { Empty, LoadError } from '../../ui/States.tsx';
import { Ago } from '../../ui/Time.tsx';
import { useTables } from '../source/useTables.ts';

/** Where a table’s page is. */
export const tablePath = ({
  sourceId,
  stream,
}: Pick<TableSummary, 'sourceId' | 'stream'>): string =>
  `/catalog/${sourceId}/${encodeURIComponent(stream)}`;

const pageSize = 50;

const columns: readonly Column<TableSummary>[] = [
  {
    id: 'name',
    title: 'Table',
    cell: (table) => <Link to={tablePath(table)}>{table.name}</Link>,
  },
  {
    id: 'source',
    title: 'Source',
    cell: ({ sourceId, sourceKey }) => <Link to={`/sources/${sourceId}`}>{sourceKey}</Link>,
  },
  { id: 'stream', title: 'Stream', cell: ({ stream }) => stream },
  { id: 'rows', title: 'Rows', align: 'right', cell: ({ rows }) => countText(rows) },
  {
    id: 'rejects',
    title: 'Rejected',
    align: 'right',
    cell: ({ rejectedRows }) => countText(rejectedRows),
  },
  {
    id: 'size',
    title: 'Size',
    align: 'right',
    className: 'nowrap',
    cell: ({ bytes }) => bytesText(bytes),
  },
  {
    id: 'files',
    title: 'Data files',
    align: 'right',
    cell: ({ dataFiles }) => countText(dataFiles),
  },
  {
    id: 'updated',
    title: 'Updated',
    className: 'nowrap',
    cell: ({ updatedAt }) => <Ago at={updatedAt} />,
  },
];

/** All tables that sources land in. */
export default function CatalogPage() {
  const [source, setSource] = useParam('source');
  const [search, setSearch] = useState('');
  const [page, setPage] = useState(0);
  const { data, error, refresh } = useTables(source === '' ? undefined : source);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (data ?? []).filter(({ name, stream, sourceKey }) =>
    words.every((word) => `${name} ${stream} ${sourceKey}`.toLowerCase().includes(word)),
  );
  return (
    <Page title="Catalog" description="The Iceberg tables that sources land in.">
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <Panel flush>
        <div className="toolbar" role="search">
          <div className="search">
            <Icon name="search" />
            <input
              className="input"
              type="search"
              aria-label="Search tables"
              placeholder="Search by table, stream or source"
              value={search}
              onChange={(event) => {
                setSearch(event.target.value);
                setPage(0);
              }}
            />
          </div>
          {source !== '' && <Button onClick={() => setSource('')}>Tables of all sources</Button>}
          <Pager page={page} pageSize={pageSize} total={found.length} onPage={setPage} />
        </div>
        <DataTable
          caption="Tables"
          columns={columns}
          rows={found.slice(page * pageSize, (page + 1) * pageSize)}
          rowKey={({ sourceId, stream }) => `${sourceId} ${stream}`}
          skeletonRows={data === undefined && error === undefined ? 6 : 0}
          empty={
            data === undefined ? null : data.length === 0 ? (
              <Empty title="No tables yet">The first run of a source makes its tables.</Empty>
            ) : (
              <Empty title="No table matches">Try fewer words.</Empty>
            )
          }
        />
      </Panel>
    </Page>
  );
}
