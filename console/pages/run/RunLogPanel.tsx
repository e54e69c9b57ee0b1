import { useEffect, useRef } from 'react';
import type { Run, RunLog } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { cellText } from '../source/RowsTable.tsx';
import { isOpen } from './runWords.ts';

type Entry = RunLog['entries'][number];

/** What a run wrote down, line by line as it goes on. */
export function RunLogPanel({ run }: { readonly run: Run }) {
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
