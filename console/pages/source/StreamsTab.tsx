import type { Json, SchemaDrift, Source, StreamState } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Panel } from '../../ui/Page.tsx';
import { Empty, LoadError } from '../../ui/States.tsx';
import { Ago, At } from '../../ui/Time.tsx';
import { SourceAttention } from '../sources/AttentionBanner.tsx';

const streamColumns = (source: Source): readonly Column<StreamState>[] => [
  {
    id: 'name',
    title: 'Stream',
    cell: ({ name, table }) => (
      <>
        <Link to={`/catalog/${source.id}/${encodeURIComponent(name)}`}>{name}</Link>
        <span className="sub mono">{table}</span>
      </>
    ),
  },
  { id: 'rows', title: 'Rows', align: 'right', cell: ({ rows }) => countText(rows) },
  {
    id: 'cursor',
    title: 'Cursor',
    className: 'cell mono',
    cell: ({ cursor }) => (
      <span title={cursor === null ? undefined : JSON.stringify(cursor)}>{cursorText(cursor)}</span>
    ),
  },
  {
    id: 'updated',
    title: 'Updated',
    className: 'nowrap',
    cell: ({ updatedAt }) => <Ago at={updatedAt} />,
  },
];

const cursorText = (cursor: Json): string => (cursor === null ? '–' : JSON.stringify(cursor));

/** The streams of a source as they are in its tables, and how their columns changed. */
export function StreamsTab({ source }: { readonly source: Source }) {
  const streams = useQuery(
    `streams ${source.id}`,
    (client, signal) => client.listStreams({ idOrKey: source.id, signal }),
    'calm',
    source.id,
  );
  const drift = useQuery(
    `drift ${source.id}`,
    (client, signal) => client.listDrift({ idOrKey: source.id, query: { limit: 50 }, signal }),
    'calm',
    source.id,
  );
  return (
    <>
      <SourceAttention source={source} />
      <Panel flush title="Streams">
        {streams.error !== undefined && (
          <LoadError error={streams.error} onRetry={() => void streams.refresh()} />
        )}
        <DataTable
          caption="Streams"
          columns={streamColumns(source)}
          rows={streams.data?.items ?? []}
          rowKey={({ name }) => name}
          skeletonRows={streams.data === undefined && streams.error === undefined ? 3 : 0}
          empty={<Empty title="Nothing was read yet">The first run makes the tables.</Empty>}
        />
      </Panel>
      <Panel flush title="Changes of columns">
        {drift.error !== undefined && (
          <LoadError error={drift.error} onRetry={() => void drift.refresh()} />
        )}
        <DataTable
          caption="Changes of columns"
          columns={driftColumns}
          rows={drift.data?.data ?? []}
          rowKey={({ runId, stream, at }) => `${runId} ${stream} ${at}`}
          skeletonRows={drift.data === undefined && drift.error === undefined ? 2 : 0}
          empty="Columns have not changed since the first run."
        />
      </Panel>
    </>
  );
}

const driftColumns: readonly Column<SchemaDrift>[] = [
  {
    id: 'at',
    title: 'When',
    className: 'nowrap',
    cell: ({ at, runId }) => (
      <Link to={`/runs/${runId}`}>
        <At at={at} />
      </Link>
    ),
  },
  { id: 'stream', title: 'Stream', cell: ({ stream }) => stream },
  {
    id: 'kind',
    title: 'Kind',
    cell: ({ isBreaking }) =>
      isBreaking ? (
        <Badge plain color="red" text="Breaking" />
      ) : (
        <Badge plain color="green" text="Compatible" />
      ),
  },
  {
    id: 'what',
    title: 'What',
    cell: ({ added, removed, changed, more }) => (
      <ul className="plain-list">
        {removed.map(({ name }) => (
          <li key={`-${name}`}>
            <code>{name}</code> is gone
          </li>
        ))}
        {changed.map(({ name, from, to, samples }) => (
          <li key={`~${name}`}>
            <code>{name}</code>: {from} → {to ?? 'kept out'}
            {samples.length > 0 && <span className="faint"> e.g. {samples.join(', ')}</span>}
          </li>
        ))}
        {added.map(({ name, type, samples }) => (
          <li key={`+${name}`}>
            <code>{name}</code> is new{type === null ? '' : `: ${type}`}
            {samples.length > 0 && <span className="faint"> e.g. {samples.join(', ')}</span>}
          </li>
        ))}
        {more > 0 && <li>and {more} more</li>}
      </ul>
    ),
  },
];
