import { useState } from 'react';
import type { Run, Source } from '../../../client/generated.ts';
import { readPages } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countText, dateTimeText, secondsText, usdText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Link } from '../../ui/Button.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
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
    (client, signal) =>
      readPages((page) => client.listRuns({ idOrKey: source.id, query: page, signal }), limit),
    (data) => (data?.rows.some(isOpen) || source.currentRunId !== null ? 'busy' : 'calm'),
    source.id,
  );
}

/** The last few, for the overview. */
export function RecentRuns({ source }: { readonly source: Source }) {
  const query = useRuns(source, pageSize);
  const runs = query.data?.rows ?? [];
  return (
    <ListPanel
      dense
      title="Last runs"
      actions={
        <Link to={`/sources/${source.id}?tab=history`} className="button quiet">
          Whole history
        </Link>
      }
      query={query}
      columns={columns}
      rows={runs.slice(0, 5)}
      rowKey={({ id }) => id}
      empty="It has not run yet."
    >
      {runs.length > 1 && <RunsChart runs={runs} />}
    </ListPanel>
  );
}

export function HistoryTab({ source }: { readonly source: Source }) {
  const [limit, setLimit] = useState(pageSize);
  const query = useRuns(source, limit);
  const runs = query.data?.rows ?? [];
  return (
    <ListPanel
      caption="History of runs"
      query={query}
      columns={columns}
      rows={runs}
      rowKey={({ id }) => id}
      skeletonRows={8}
      empty="It has not run yet. “Sync Now” starts the first run."
      more={
        query.data?.hasMore === true
          ? { text: 'Show older runs', onMore: () => setLimit(limit * 2) }
          : undefined
      }
    >
      {runs.length > 1 && <RunsChart runs={runs} />}
    </ListPanel>
  );
}
