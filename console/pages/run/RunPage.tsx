import { useState } from 'react';
import type { Client, Run } from '../../../client/generated.ts';
import { navigate } from '../../app/router.ts';
import { useClient, useMay } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { bytesText, countText, secondsText, usdText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button, Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Facts, Page, Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { attempt } from '../../ui/Toasts.tsx';
import { tellAccepted } from '../sources/sourceActions.ts';
import { RunError } from './RunError.tsx';
import { RunLogPanel } from './RunLogPanel.tsx';
import { RunProgress } from './RunProgress.tsx';
import { isOpen, runBadge, runTitle, triggerText } from './runWords.ts';
import { Timeline } from './Timeline.tsx';

const load = (client: Client, runId: string, signal: AbortSignal): Promise<Run> =>
  client.getRun({ runId, signal });

/** One run, while it goes on and afterwards: what it did, when, and what became of every row. */
export default function RunPage({ params }: { readonly params: Readonly<Record<string, string>> }) {
  const runId = params['id'] ?? '';
  const {
    data: run,
    error,
    refresh,
  } = useQuery(
    `run ${runId}`,
    (client, signal) => load(client, runId, signal),
    (known) => (known === undefined || isOpen(known) ? 'busy' : 'still'),
  );
  if (run === undefined)
    return (
      <Page title="Run" parent={{ to: '/sources', title: 'Sources' }}>
        {error === undefined ? (
          <Loading lines={8} />
        ) : (
          <LoadError error={error} onRetry={() => void refresh()} />
        )}
      </Page>
    );
  return <Detail run={run} refresh={refresh} />;
}

interface DetailProps {
  readonly run: Run;
  readonly refresh: () => Promise<void>;
}

const retried: ReadonlySet<Run['status']> = new Set([
  'failed',
  'partial',
  'timed_out',
  'cancelled',
]);

function Detail({ run, refresh }: DetailProps) {
  const client = useClient();
  const mayEdit = useMay('editor');
  const source = useQuery(`source ${run.sourceId}`, (api, signal) =>
    api.getSource({ idOrKey: run.sourceId, signal }),
  );
  const name = source.data?.name ?? run.connector;
  return (
    <Page
      title={`${runTitle(run)} of ${name}`}
      parent={{ to: `/sources/${run.sourceId}`, title: name }}
      aside={<Badge {...runBadge(run)} />}
      description={<span className="mono">{run.id}</span>}
      actions={
        mayEdit && retried.has(run.status) ? (
          <Button
            kind="primary"
            icon="refresh"
            onClick={() =>
              void attempt(async () => {
                const accepted = await client.retryRun({ runId: run.id });
                tellAccepted({ id: run.sourceId, name }, accepted, 'Retry');
                navigate(`/runs/${accepted.runId}`);
              })
            }
          >
            Retry
          </Button>
        ) : undefined
      }
    >
      {isOpen(run) && <RunProgress run={run} onChange={refresh} />}
      {run.error !== null && (
        <RunError
          title={run.status === 'partial' ? 'Some streams failed' : 'The run failed'}
          error={run.error}
        />
      )}
      <Timeline run={run} />
      <Counts run={run} />
      {Object.keys(run.streams).length > 0 && <Streams run={run} />}
      <RunLogPanel run={run} />
    </Page>
  );
}

const Counts = ({ run }: { readonly run: Run }) => {
  const { counts, files } = run;
  return (
    <>
      <div className="stats">
        {(
          [
            ['Read', counts.read],
            ['Written', counts.written],
            ['Rejected', counts.rejected],
            ['Deduplicated', counts.deduplicated],
          ] as const
        ).map(([title, value]) => (
          <dl key={title} className="stat">
            <dt>{title}</dt>
            <dd>{countText(value)}</dd>
            {title === 'Rejected' && value > 0 && (
              <dd>
                <Link to={`/sources/${run.sourceId}?tab=rejects`}>See why</Link>
              </dd>
            )}
          </dl>
        ))}
      </div>
      <Panel title="Facts">
        <Facts
          items={[
            { name: 'Asked for', value: `${triggerText(run)} (${run.requestedBy})` },
            {
              name: 'Duration',
              value: run.durationSeconds === null ? '–' : secondsText(run.durationSeconds),
            },
            { name: 'Bytes read', value: bytesText(counts.bytes) },
            ...(files === null
              ? []
              : [
                  {
                    name: 'Files',
                    value: `${countText(files.loaded)} loaded, ${countText(files.duplicates)} with known bytes`,
                  },
                ]),
            { name: 'Cost on AWS', value: usdText(run.costUsd) },
            {
              name: 'Billed',
              value: `${run.gigabyteSeconds.toFixed(2)} GB-s, ${countText(run.stateTransitions)} transitions`,
            },
          ]}
        />
      </Panel>
    </>
  );
};

type StreamRow = Run['streams'][string] & { readonly name: string };

const streamColumns: readonly Column<StreamRow>[] = [
  { id: 'name', title: 'Stream', cell: ({ name }) => <span className="mono">{name}</span> },
  {
    id: 'status',
    title: 'Status',
    cell: ({ status }) =>
      status === 'succeeded' ? (
        <Badge color="green" text="Success" />
      ) : (
        <Badge color="red" text="Failed" />
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
    id: 'error',
    title: 'Error',
    className: 'col-error',
    cell: ({ error }) => error?.message ?? '',
  },
];

function Streams({ run }: { readonly run: Run }) {
  const rows = Object.entries(run.streams).map(([name, outcome]) => ({ name, ...outcome }));
  // What failed is what somebody looks for.
  rows.sort((a, b) => (a.status === b.status ? 0 : a.status === 'failed' ? -1 : 1));
  const [shown, setShown] = useState(50);
  return (
    <Panel flush title="Streams">
      <DataTable
        caption="Streams of the run"
        columns={streamColumns}
        rows={rows.slice(0, shown)}
        rowKey={({ name }) => name}
      />
      {rows.length > shown && (
        <div className="more-row">
          <Button kind="quiet" onClick={() => setShown(shown + 200)}>
            Show more
          </Button>
        </div>
      )}
    </Panel>
  );
}
