import { useEffect, useRef, useState } from 'react';
import type { Client, Run, RunLog } from '../../../client/generated.ts';
import { navigate } from '../../app/router.ts';
import { useClient, useMay } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { bytesText, countText, secondsText, usdText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button, Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Facts, Page, Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { At } from '../../ui/Time.tsx';
import { attempt } from '../../ui/Toasts.tsx';
import { cellText } from '../source/RowsTable.tsx';
import { tellAccepted } from '../sources/sourceActions.ts';
import { RunError } from './RunError.tsx';
import { RunProgress } from './RunProgress.tsx';
import { isOpen, runBadge, runTitle, triggerText } from './runWords.ts';

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
      <Log run={run} />
    </Page>
  );
}

interface Step {
  readonly title: string;
  readonly at: string | null;
  readonly state: 'done' | 'now' | 'failed' | 'later';
}

/** What the run went through, from the request to its end. */
function stepsOf(run: Run): readonly Step[] {
  const { status, createdAt, startedAt, finishedAt, committedRows } = run;
  const isBad = !isOpen(run) && status !== 'succeeded';
  const started: Step =
    startedAt === null
      ? { title: 'Waits for its turn', at: null, state: status === 'queued' ? 'now' : 'failed' }
      : { title: 'Started', at: startedAt, state: 'done' };
  const reading: Step = {
    title: run.kind === 'ingest' ? 'Reads and stages' : 'Works',
    at: null,
    state: startedAt === null ? 'later' : isOpen(run) ? 'now' : isBad ? 'failed' : 'done',
  };
  const committed: Step = {
    title: committedRows > 0 ? `Committed ${countText(committedRows)} rows` : 'Commit',
    at: null,
    state: committedRows > 0 || status === 'succeeded' ? 'done' : isBad ? 'failed' : 'later',
  };
  const ended: Step = {
    title: finishedAt === null ? 'End' : runBadge(run).text,
    at: finishedAt,
    state: finishedAt === null ? 'later' : isBad ? 'failed' : 'done',
  };
  return [{ title: 'Requested', at: createdAt, state: 'done' }, started, reading, committed, ended];
}

const stateWords: Readonly<Record<Step['state'], string>> = {
  done: 'done',
  now: 'now',
  failed: 'not reached',
  later: 'to come',
};

const Timeline = ({ run }: { readonly run: Run }) => (
  <Panel title="Timeline">
    <ol className="timeline">
      {stepsOf(run).map(({ title, at, state }) => (
        <li key={title} className={state}>
          <strong>{title}</strong>
          <span className="visually-hidden"> ({stateWords[state]})</span>
          {at !== null && (
            <span className="sub">
              <At at={at} />
            </span>
          )}
        </li>
      ))}
    </ol>
  </Panel>
);

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

type Entry = RunLog['entries'][number];

function Log({ run }: { readonly run: Run }) {
  const { data, error, refresh } = useQuery(
    `log ${run.id}`,
    (client, signal) => client.getRunLog({ runId: run.id, signal }),
    isOpen(run) ? 'busy' : 'still',
    run.sourceId,
  );
  // The last lines are written just before the end.
  const { status } = run;
  const before = useRef(status);
  useEffect(() => {
    if (before.current !== status) void refresh();
    before.current = status;
  }, [status, refresh]);
  return (
    <Panel title="Log">
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data === undefined && error === undefined && <Loading />}
      {data?.entries.length === 0 && <p className="faint">Nothing is logged yet.</p>}
      {data !== undefined && data.entries.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable
        <section className="log" aria-label="Log lines" tabIndex={0}>
          <ol>
            {data.entries.map((entry, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines are only added at the end
              <LogLine key={index} entry={entry} />
            ))}
          </ol>
        </section>
      )}
    </Panel>
  );
}

const timeFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

const LogLine = ({ entry: { at, level, message, facts } }: { readonly entry: Entry }) => (
  <li className={level}>
    <time dateTime={at}>{timeFormat.format(new Date(at))}</time>
    <span className="level">{level}</span>
    <span>
      {message}
      {facts !== undefined && (
        <span className="faint">
          {Object.entries(facts).map(([name, value]) => ` ${name}=${cellText(value)}`)}
        </span>
      )}
    </span>
  </li>
);
