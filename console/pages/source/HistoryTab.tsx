import { useState } from 'react';
import type { Run, Source } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countText, dateTimeText, secondsText, usdText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button, Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Panel } from '../../ui/Page.tsx';
import { LoadError } from '../../ui/States.tsx';
import { isOpen, runBadge, runTitle, triggerText } from '../run/runWords.ts';
import { RunsChart } from './RunsChart.tsx';

const pageSize = 20;

const columns: readonly Column<Run>[] = [
  {
    id: 'at',
    title: 'Time',
    className: 'nowrap',
    cell: ({ id, createdAt }) => <Link to={`/runs/${id}`}>{dateTimeText(createdAt)}</Link>,
  },
  { id: 'status', title: 'Status', cell: (run) => <Badge {...runBadge(run)} /> },
  {
    id: 'duration',
    title: 'Duration',
    align: 'right',
    className: 'nowrap',
    cell: ({ durationSeconds }) => (durationSeconds === null ? '–' : secondsText(durationSeconds)),
  },
  {
    id: 'mode',
    title: 'Mode',
    cell: (run) => (
      <>
        {runTitle(run)}
        <span className="sub">{triggerText(run)}</span>
      </>
    ),
  },
  { id: 'read', title: 'Read', align: 'right', cell: ({ counts }) => countText(counts.read) },
  {
    id: 'written',
    title: 'Written',
    align: 'right',
    cell: ({ counts }) => countText(counts.written),
  },
  {
    id: 'rejected',
    title: 'Rejected',
    align: 'right',
    cell: ({ counts }) => countText(counts.rejected),
  },
  {
    id: 'cost',
    title: 'Cost on AWS',
    align: 'right',
    cell: ({ costUsd }) => usdText(costUsd),
  },
];

/** The newest runs of a source, and more on request. */
function useRuns(source: Source, limit: number) {
  return useQuery(
    `runs ${source.id} ${limit}`,
    async (client, signal) => {
      const runs: Run[] = [];
      let cursor: string | undefined;
      do {
        const { data, pagination } = await client.listRuns({
          idOrKey: source.id,
          query: {
            limit: Math.min(200, limit - runs.length),
            ...(cursor === undefined ? {} : { cursor }),
          },
          signal,
        });
        runs.push(...data);
        cursor = pagination.nextCursor ?? undefined;
      } while (cursor !== undefined && runs.length < limit);
      return { runs, hasMore: cursor !== undefined };
    },
    (data) => (data?.runs.some(isOpen) || source.currentRunId !== null ? 'busy' : 'calm'),
    source.id,
  );
}

/** The last few, for the overview. */
export function RecentRuns({ source }: { readonly source: Source }) {
  const { data, error, refresh } = useRuns(source, pageSize);
  return (
    <Panel
      flush
      title="Last runs"
      actions={
        <Link to={`/sources/${source.id}?tab=history`} className="button quiet">
          Whole history
        </Link>
      }
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data !== undefined && data.runs.length > 1 && <RunsChart runs={data.runs} />}
      <DataTable
        dense
        caption="Last runs"
        columns={columns}
        rows={data?.runs.slice(0, 5) ?? []}
        rowKey={({ id }) => id}
        skeletonRows={data === undefined && error === undefined ? 3 : 0}
        empty="It has not run yet."
      />
    </Panel>
  );
}

export function HistoryTab({ source }: { readonly source: Source }) {
  const [limit, setLimit] = useState(pageSize);
  const { data, error, refresh } = useRuns(source, limit);
  return (
    <Panel flush>
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data !== undefined && data.runs.length > 1 && <RunsChart runs={data.runs} />}
      <DataTable
        caption="History of runs"
        columns={columns}
        rows={data?.runs ?? []}
        rowKey={({ id }) => id}
        skeletonRows={data === undefined && error === undefined ? 8 : 0}
        empty="It has not run yet. “Sync Now” starts the first run."
      />
      {data?.hasMore === true && (
        <div className="more-row">
          <Button kind="quiet" onClick={() => setLimit(limit * 2)}>
            Show older runs
          </Button>
        </div>
      )}
    </Panel>
  );
}
