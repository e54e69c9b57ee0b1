import type { FunctionReport, Health } from '../../../client/generated.ts';
import { useMay } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countOf, countText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { Ago } from '../../ui/Time.tsx';
import { kindTitle, runBadge } from '../run/runWords.ts';
import { attentionTitle } from '../sources/AttentionBanner.tsx';
import { type SourceState, stateBadges } from '../sources/health.ts';
import { sourcePath } from '../sources/SourcesTable.tsx';

type Failure = Health['recentFailures'][number];
type Attention = Health['attention'][number];
type Running = Health['running'][number];
type FailingFunction = FunctionReport['failing'][number];

const failureColumns: readonly Column<Failure>[] = [
  {
    id: 'source',
    title: 'Source',
    cell: ({ sourceId, sourceKey }) => <Link to={sourcePath(sourceId)}>{sourceKey}</Link>,
  },
  {
    id: 'status',
    title: 'Status',
    cell: ({ status }) => <Badge {...runBadge({ status, result: null, kind: 'ingest' })} />,
  },
  {
    id: 'error',
    title: 'Error',
    className: 'col-error',
    cell: ({ error }) => (
      <>
        {error?.message ?? '–'}
        {error !== null && <span className="sub mono">{error.code}</span>}
      </>
    ),
  },
  {
    id: 'at',
    title: 'When',
    className: 'nowrap',
    cell: ({ finishedAt }) => <Ago at={finishedAt} />,
  },
  {
    id: 'run',
    title: 'Run',
    cell: ({ runId }) => <Link to={`/runs/${runId}`}>Log and counts</Link>,
  },
];

const attentionColumns: readonly Column<Attention>[] = [
  {
    id: 'source',
    title: 'Source',
    cell: ({ sourceId, sourceKey }) => <Link to={sourcePath(sourceId)}>{sourceKey}</Link>,
  },
  { id: 'what', title: 'What', cell: ({ code }) => attentionTitle(code) },
  { id: 'message', title: 'Message', className: 'col-error', cell: ({ message }) => message },
  { id: 'since', title: 'Since', className: 'nowrap', cell: ({ since }) => <Ago at={since} /> },
];

const runningColumns: readonly Column<Running>[] = [
  {
    id: 'source',
    title: 'Source',
    cell: ({ sourceId, sourceKey }) => <Link to={sourcePath(sourceId)}>{sourceKey}</Link>,
  },
  {
    id: 'run',
    title: 'Run',
    cell: ({ runId, kind, attempt }) => (
      <>
        <Link to={`/runs/${runId}`}>{kindTitle(kind)}</Link>
        <span className="sub">{attempt === 0 ? 'not begun' : `attempt ${attempt}`}</span>
      </>
    ),
  },
  {
    id: 'since',
    title: 'Held since',
    className: 'nowrap',
    cell: ({ heldSince }) => <Ago at={heldSince} never="–" />,
  },
  {
    id: 'lease',
    title: 'Lease until',
    className: 'nowrap',
    cell: ({ leaseUntil }) => <Ago at={leaseUntil} never="–" />,
  },
  {
    id: 'next',
    title: 'Waits behind it',
    cell: ({ waitingRunId }) =>
      waitingRunId === null ? (
        <span className="faint">Nothing</span>
      ) : (
        <Link to={`/runs/${waitingRunId}`}>One run</Link>
      ),
  },
];

/** How all sources are together, what failed, and what waits for somebody. */
export default function HealthPage() {
  const isAdmin = useMay('admin');
  const { data, error, refresh } = useQuery(
    'health',
    (client, signal) => client.getHealth({ query: { limit: 50 }, signal }),
    'calm',
  );
  return (
    <Page
      title="Health"
      description="Failures, stale sources and what wants attention, over all sources."
      aside={
        data === undefined ? undefined : data.status === 'ok' ? (
          <Badge color="green" text="All well" />
        ) : (
          <Badge color="yellow" text="Wants attention" />
        )
      }
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data === undefined && error === undefined && <Loading lines={8} />}
      {data !== undefined && <Report health={data} />}
      {isAdmin && <Functions />}
    </Page>
  );
}

const functionColumns: readonly Column<FailingFunction>[] = [
  { id: 'name', title: 'Function', cell: ({ name }) => <span className="mono">{name}</span> },
  {
    id: 'failures',
    title: 'Failed',
    align: 'right',
    cell: ({ failures }) => countText(failures),
  },
  {
    id: 'invocations',
    title: 'Of calls',
    align: 'right',
    cell: ({ invocations }) => countText(invocations),
  },
];

/** Headgate’s own Lambda functions, of the whole installation. */
function Functions() {
  const query = useQuery(
    'function health',
    (client, signal) => client.getFunctionHealth({ signal }),
    'calm',
  );
  const calls = query.data?.invocations ?? 0;
  return (
    <ListPanel
      title="Lambda errors"
      description="Functions that failed in the last 24 hours, as CloudWatch counts them. Whoever called one tries again; its log group says why."
      query={query}
      columns={functionColumns}
      rows={query.data?.failing ?? []}
      rowKey={({ name }) => name}
      empty={`None of ${countOf(calls, 'call')} failed.`}
    />
  );
}

const Report = ({ health }: { readonly health: Health }) => (
  <>
    <div className="stats">
      <dl className="stat">
        <dt>Sources</dt>
        <dd>{countText(health.sources.total)}</dd>
      </dl>
      {Object.entries(health.sources.byHealth).map(([state, count]) => (
        <dl key={state} className="stat">
          <dt>
            <Badge {...stateBadges[state as SourceState]} />
          </dt>
          <dd>
            <Link to={`/sources?health=${state}`}>{countText(count)}</Link>
          </dd>
        </dl>
      ))}
      <dl className={health.sources.stale > 0 ? 'stat stale' : 'stat'}>
        <dt>Stale</dt>
        <dd>{countText(health.sources.stale)}</dd>
        <dd>Older than their target</dd>
      </dl>
    </div>
    <Panel flush title="Running now" description="Locks, their leases and the queue behind each.">
      <DataTable
        caption="Running now"
        columns={runningColumns}
        rows={health.running}
        rowKey={({ runId }) => runId}
        empty="Nothing runs."
      />
    </Panel>
    <Panel flush title="Latest failures">
      <DataTable
        caption="Latest failures"
        columns={failureColumns}
        rows={health.recentFailures}
        rowKey={({ runId }) => runId}
        empty="No source’s last run failed."
      />
    </Panel>
    <Panel flush title="Wants attention">
      <DataTable
        caption="Wants attention"
        columns={attentionColumns}
        rows={health.attention}
        rowKey={({ sourceId, code }) => `${sourceId} ${code}`}
        empty="Nothing waits for anybody."
      />
    </Panel>
  </>
);
