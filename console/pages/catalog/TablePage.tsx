import { useState } from 'react';
import type { Snapshots, Table } from '../../../client/generated.ts';
import { setParams, useParam } from '../../app/router.ts';
import { useSession } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { bytesText, countOf, countText, dateTimeText, wordsOf } from '../../text/format.ts';
import { Button, Link } from '../../ui/Button.tsx';
import { Code } from '../../ui/Code.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Select } from '../../ui/Field.tsx';
import { Facts, Page, Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { Ago } from '../../ui/Time.tsx';
import { RowsTable } from '../source/RowsTable.tsx';
import { snippetsOf } from './snippets.ts';

const parent = { to: '/catalog', title: 'Catalog' };
const tabs = [
  { id: 'preview', title: 'Preview' },
  { id: 'columns', title: 'Columns' },
  { id: 'snapshots', title: 'Snapshots' },
  { id: 'read', title: 'Read it elsewhere' },
];

/** One table: its rows, now and earlier, its columns, and how to read it with other tools. */
export default function TablePage({
  params,
}: {
  readonly params: Readonly<Record<string, string>>;
}) {
  const idOrKey = params['id'] ?? '';
  const stream = params['stream'] ?? '';
  const [tab] = useParam('tab');
  const { me } = useSession();
  const { data, error, refresh } = useQuery(
    `table ${idOrKey} ${stream}`,
    (client, signal) => client.getTable({ idOrKey, stream, signal }),
    'calm',
    idOrKey,
  );
  if (data === undefined)
    return (
      <Page title="Table" parent={parent}>
        {error === undefined ? (
          <Loading lines={8} />
        ) : (
          <LoadError error={error} onRetry={() => void refresh()} />
        )}
      </Page>
    );
  const current = tabs.some(({ id }) => id === tab) ? tab : 'preview';
  return (
    <Page title={data.name} parent={parent}>
      <Panel>
        <Facts
          items={[
            {
              name: 'Source',
              value: <Link to={`/sources/${data.sourceId}`}>{data.sourceKey}</Link>,
            },
            { name: 'Stream', value: data.stream },
            { name: 'Rows', value: countText(data.rows) },
            { name: 'Rejected rows', value: countText(data.rejectedRows) },
            {
              name: 'Size',
              value: `${bytesText(data.bytes)} in ${countOf(data.dataFiles, 'data file')}`,
            },
            { name: 'Updated', value: <Ago at={data.updatedAt} /> },
          ]}
        />
      </Panel>
      <Tabs
        label="Parts of the table"
        tabs={tabs}
        current={current}
        onSelect={(id) => setParams({ tab: id === 'preview' ? '' : id })}
      >
        {current === 'preview' && <Preview table={data} />}
        {current === 'columns' && (
          <Panel flush>
            <DataTable
              dense
              caption="Columns"
              columns={columnColumns}
              rows={data.columns}
              rowKey={({ id }) => String(id)}
            />
          </Panel>
        )}
        {current === 'snapshots' && <SnapshotsPart table={data} />}
        {current === 'read' &&
          snippetsOf(data, me.tenant).map(({ id, title, text }) => (
            <Panel key={id} title={title}>
              <Code label={`Read from ${title}`} text={text} />
            </Panel>
          ))}
      </Tabs>
    </Page>
  );
}

const columnColumns: readonly Column<Table['columns'][number]>[] = [
  { id: 'name', title: 'Column', cell: ({ name }) => <span className="mono">{name}</span> },
  { id: 'type', title: 'Type', cell: ({ type }) => <span className="mono">{type}</span> },
  {
    id: 'doc',
    title: 'At the source',
    cell: ({ doc }) => doc ?? <span className="faint">the same</span>,
  },
  { id: 'id', title: 'Field id', align: 'right', cell: ({ id }) => id },
];

const useSnapshots = ({ sourceId, stream }: Table) =>
  useQuery(
    `snapshots ${sourceId} ${stream}`,
    (client, signal) =>
      client.listSnapshots({ idOrKey: sourceId, query: { stream, limit: 100 }, signal }),
    'calm',
    sourceId,
  );

function Preview({ table }: { readonly table: Table }) {
  const [asOf, setAsOf] = useParam('asOf');
  const [limit, setLimit] = useState(50);
  const snapshots = useSnapshots(table);
  const { sourceId, stream } = table;
  const { data, error, isLoading, refresh } = useQuery(
    `preview ${sourceId} ${stream} ${asOf} ${limit}`,
    (client, signal) =>
      client.previewRows({
        idOrKey: sourceId,
        query: { stream, limit, ...(asOf === '' ? {} : { asOf }) },
        signal,
      }),
    asOf === '' ? 'calm' : 'still',
    sourceId,
  );
  return (
    <Panel
      flush
      title={asOf === '' ? 'First rows' : 'First rows as they were then'}
      description={
        data === undefined
          ? undefined
          : `${countText(data.rows.length)} of ${countText(data.total)} rows`
      }
      actions={
        <Select
          label="As of"
          value={asOf}
          options={[
            { value: '', label: 'Now' },
            ...(snapshots.data?.snapshots.slice(1).map(({ snapshotId, committedAt, rows }) => ({
              value: snapshotId,
              label: `${dateTimeText(committedAt)}, ${countText(rows)} rows`,
            })) ?? []),
          ]}
          onChange={setAsOf}
        />
      }
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {isLoading && (
        <div className="panel-body">
          <Loading lines={6} />
        </div>
      )}
      {data !== undefined && (
        <RowsTable
          caption="First rows"
          rows={data.rows}
          columns={data.columns}
          empty="The table is empty."
        />
      )}
      {data?.hasMore === true && limit < 1000 && (
        <div className="more-row">
          <Button kind="quiet" onClick={() => setLimit(Math.min(1000, limit * 4))}>
            Show more rows
          </Button>
        </div>
      )}
    </Panel>
  );
}

type Snapshot = Snapshots['snapshots'][number];

const snapshotColumns: readonly Column<Snapshot>[] = [
  {
    id: 'at',
    title: 'Committed',
    className: 'nowrap',
    cell: ({ committedAt, snapshotId }) => (
      <>
        {dateTimeText(committedAt)}
        <span className="sub mono">{snapshotId}</span>
      </>
    ),
  },
  { id: 'operation', title: 'Operation', cell: ({ operation }) => wordsOf(operation) },
  { id: 'added', title: 'Added', align: 'right', cell: ({ addedRows }) => countText(addedRows) },
  {
    id: 'removed',
    title: 'Removed',
    align: 'right',
    cell: ({ removedRows }) => countText(removedRows),
  },
  { id: 'rows', title: 'Rows', align: 'right', cell: ({ rows }) => countText(rows) },
  {
    id: 'bytes',
    title: 'Size',
    align: 'right',
    className: 'nowrap',
    cell: ({ bytes }) => bytesText(bytes),
  },
  {
    id: 'run',
    title: 'Run',
    cell: ({ runId }) => (runId === null ? '–' : <Link to={`/runs/${runId}`}>See the run</Link>),
  },
  {
    id: 'preview',
    title: 'Preview',
    hiddenTitle: true,
    cell: ({ snapshotId, committedAt }) => (
      <Button
        kind="quiet"
        aria-label={`Rows as of then: ${dateTimeText(committedAt)}`}
        onClick={() => setParams({ tab: '', asOf: snapshotId })}
      >
        Rows as of then
      </Button>
    ),
  },
];

function SnapshotsPart({ table }: { readonly table: Table }) {
  const { data, error, refresh } = useSnapshots(table);
  return (
    <Panel flush title="Snapshots" description="Versions of the table that can still be read.">
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <DataTable
        caption="Snapshots"
        columns={snapshotColumns}
        rows={data?.snapshots ?? []}
        rowKey={({ snapshotId }) => snapshotId}
        skeletonRows={data === undefined && error === undefined ? 4 : 0}
        empty="Nothing was committed yet."
      />
    </Panel>
  );
}
