import type { Run } from '../../../client/generated.ts';
import { countText } from '../../text/format.ts';
import { Panel } from '../../ui/Page.tsx';
import { At } from '../../ui/Time.tsx';
import { isOpen, runBadge } from './runWords.ts';

interface Step {
  readonly title: string;
  readonly at: string | null;
  readonly state: 'done' | 'now' | 'failed' | 'later' | 'missed';
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
    state:
      startedAt === null
        ? isBad
          ? 'missed'
          : 'later'
        : isOpen(run)
          ? 'now'
          : isBad
            ? 'failed'
            : 'done',
  };
  const committed: Step = {
    title: committedRows > 0 ? `Committed ${countText(committedRows)} rows` : 'Commit',
    at: null,
    state: committedRows > 0 || status === 'succeeded' ? 'done' : isBad ? 'missed' : 'later',
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
  failed: 'failed',
  later: 'to come',
  missed: 'not reached',
};

/** The states of a run, with those times that are known. */
export const Timeline = ({ run }: { readonly run: Run }) => (
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
