import type { ScheduleEntry } from '../../../client/generated.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Link } from '../../ui/Button.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Page } from '../../ui/Page.tsx';
import { Empty } from '../../ui/States.tsx';
import { Ago, At } from '../../ui/Time.tsx';
import { statusBadges } from '../sources/health.ts';
import { sourcePath } from '../sources/SourcesTable.tsx';

const columns: readonly Column<ScheduleEntry>[] = [
  {
    id: 'source',
    title: 'Source',
    cell: ({ sourceId, sourceName, sourceKey }) => (
      <>
        <Link to={sourcePath(sourceId, 'settings')}>{sourceName}</Link>
        {sourceName !== sourceKey && <span className="sub mono">{sourceKey}</span>}
      </>
    ),
  },
  {
    id: 'schedule',
    title: 'Schedule',
    cell: ({ scheduleText, schedule }) => (
      <>
        {scheduleText}
        <span className="sub mono">
          {schedule.cron} {schedule.timezone}
        </span>
      </>
    ),
  },
  {
    id: 'status',
    title: 'Setting',
    cell: ({ status }) => {
      const badge = statusBadges[status];
      return badge === null ? (
        <Badge plain color="green" text="Active" />
      ) : (
        <Badge {...badge} plain />
      );
    },
  },
  {
    id: 'next',
    title: 'Next',
    className: 'nowrap',
    cell: ({ nextRunTimes }) => <Ago at={nextRunTimes[0] ?? null} never="Not active" />,
  },
  {
    id: 'times',
    title: 'Next five times',
    cell: ({ nextRunTimes }) => (
      <ol className="plain-list">
        {nextRunTimes.map((at) => (
          <li key={at}>
            <At at={at} />
          </li>
        ))}
      </ol>
    ),
  },
];

/** What runs by itself, soonest first. */
export default function SchedulesPage() {
  const query = useQuery(
    'schedules',
    async (client, signal) => {
      const found = await readAll((page) => client.listSchedules({ query: page, signal }));
      const next = ({ nextRunTimes }: ScheduleEntry): string => nextRunTimes[0] ?? '~';
      return found.toSorted((a, b) => (next(a) < next(b) ? -1 : 1));
    },
    'calm',
  );
  const { data } = query;
  return (
    <Page title="Schedules" description="What runs by itself, and when it does next.">
      <ListPanel
        caption="Schedules"
        query={query}
        columns={columns}
        rows={data?.slice(0, shownAtMost) ?? []}
        rowKey={({ sourceId }) => sourceId}
        skeletonRows={5}
        empty={
          <Empty title="Nothing is scheduled">
            A schedule is part of a source’s settings. Files that arrive are loaded without one.
          </Empty>
        }
      />
      {data !== undefined && data.length > shownAtMost && (
        <p className="soft">The next {shownAtMost} are shown; the list of sources has all.</p>
      )}
    </Page>
  );
}

const shownAtMost = 200;
