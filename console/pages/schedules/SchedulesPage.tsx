import type { ScheduleEntry } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { Empty, LoadError } from '../../ui/States.tsx';
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
  const { data, error, refresh } = useQuery(
    'schedules',
    async (client, signal) => {
      const found: ScheduleEntry[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listSchedules({
          query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
          signal,
        });
        found.push(...page.data);
        cursor = page.pagination.nextCursor ?? undefined;
      } while (cursor !== undefined);
      const next = ({ nextRunTimes }: ScheduleEntry): string => nextRunTimes[0] ?? '~';
      return found.sort((a, b) => (next(a) < next(b) ? -1 : 1));
    },
    'calm',
  );
  return (
    <Page title="Schedules" description="What runs by itself, and when it does next.">
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <Panel flush>
        <DataTable
          caption="Schedules"
          columns={columns}
          rows={data?.slice(0, shownAtMost) ?? []}
          rowKey={({ sourceId }) => sourceId}
          skeletonRows={data === undefined && error === undefined ? 5 : 0}
          empty={
            <Empty title="Nothing is scheduled">
              A schedule is part of a source’s settings. Files that arrive are loaded without one.
            </Empty>
          }
        />
      </Panel>
      {data !== undefined && data.length > shownAtMost && (
        <p className="soft">The next {shownAtMost} are shown; the list of sources has all.</p>
      )}
    </Page>
  );
}

const shownAtMost = 200;
