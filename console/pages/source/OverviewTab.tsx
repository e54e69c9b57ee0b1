import type { Source } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countText, dateTimeText, secondsText, wordsOf } from '../../text/format.ts';
import { Link, LinkButton } from '../../ui/Button.tsx';
import { Code } from '../../ui/Code.tsx';
import { Facts, Panel } from '../../ui/Page.tsx';
import { Ago } from '../../ui/Time.tsx';
import { RunError } from '../run/RunError.tsx';
import { RunProgress } from '../run/RunProgress.tsx';
import { isOpen } from '../run/runWords.ts';
import { SourceAttention } from '../sources/AttentionBanner.tsx';
import { RecentRuns } from './HistoryTab.tsx';

interface OverviewTabProps {
  readonly source: Source;
  readonly refresh: () => Promise<void>;
}

/** How a source is, at a glance. */
export function OverviewTab({ source, refresh }: OverviewTabProps) {
  const { currentRunId, lastSyncError, lastRunId } = source;
  return (
    <>
      <SourceAttention source={source} />
      {currentRunId !== null && <CurrentRun runId={currentRunId} refresh={refresh} />}
      {lastSyncError !== null && source.health === 'failed' && (
        <RunError
          title="Last Sync Failed"
          error={lastSyncError}
          {...(lastRunId === null ? {} : { runId: lastRunId })}
        />
      )}
      <Stats source={source} />
      <RecentRuns source={source} />
      <Panel title="Settings">
        <div className="stack">
          <Facts
            items={[
              { name: 'Schedule', value: source.scheduleText },
              { name: 'Next run', value: <Ago at={source.nextRunAt} never="Not scheduled" /> },
              { name: 'Table', value: <code>{`${source.namespace}.${source.table}`}</code> },
              { name: 'Key', value: source.primaryKey.join(', ') || 'Each stream’s own' },
              { name: 'When columns change', value: wordsOf(source.contract) },
              { name: 'Credentials', value: credentialsText[source.credentials] },
              { name: 'Tags', value: source.tags.join(', ') || 'None' },
              { name: 'Added', value: dateTimeText(source.createdAt) },
            ]}
          />
          <Code label="Configuration" text={JSON.stringify(source.config, null, 2)} />
        </div>
      </Panel>
    </>
  );
}

const credentialsText: Readonly<Record<Source['credentials'], string>> = {
  none: 'None',
  own: 'Stored, shown to nobody',
  shared: 'A shared secret',
};

const ageText = (seconds: number): string =>
  seconds < 60 ? 'Under a minute' : secondsText(seconds);

function Stats({ source }: { readonly source: Source }) {
  const { ageSeconds, targetSeconds } = source.freshness;
  const isStale = ageSeconds !== null && targetSeconds !== null && ageSeconds > targetSeconds;
  return (
    <div className="stats">
      <dl className="stat">
        <dt>Total rows</dt>
        <dd>{countText(source.recordCount)}</dd>
        <dd>
          <Link to={`/catalog?source=${encodeURIComponent(source.id)}`}>See in the catalog</Link>
        </dd>
      </dl>
      <dl className="stat">
        <dt>Sync count</dt>
        <dd>{countText(source.syncCount)}</dd>
        <dd>
          Last <Ago at={source.lastSyncAt} never="never" />
        </dd>
      </dl>
      <dl className="stat">
        <dt>Sync mode</dt>
        <dd>{wordsOf(source.syncMode)}</dd>
        <dd>{source.scheduleText}</dd>
      </dl>
      <dl className={isStale ? 'stat stale' : 'stat'}>
        <dt>Freshness</dt>
        <dd>{ageSeconds === null ? 'No data yet' : ageText(ageSeconds)}</dd>
        <dd>
          {targetSeconds === null
            ? 'No target is set'
            : `${isStale ? 'Staler than the target of' : 'Target:'} ${secondsText(targetSeconds)}`}
        </dd>
      </dl>
    </div>
  );
}

function CurrentRun({
  runId,
  refresh,
}: {
  readonly runId: string;
  readonly refresh: () => Promise<void>;
}) {
  const { data } = useQuery(
    `run ${runId}`,
    (client, signal) => client.getRun({ runId, signal }),
    (run) => (run === undefined || isOpen(run) ? 'busy' : 'calm'),
  );
  if (data === undefined || !isOpen(data)) return null;
  return (
    <RunProgress
      run={data}
      onChange={refresh}
      action={<LinkButton to={`/runs/${runId}`}>Watch the run</LinkButton>}
    />
  );
}
