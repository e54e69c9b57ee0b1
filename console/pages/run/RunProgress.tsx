import { type ReactNode, useState } from 'react';
import type { Run } from '../../../client/generated.ts';
import { useClient, useMay } from '../../app/session.ts';
import { bytesText, countText, secondsText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { Panel } from '../../ui/Page.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { useNow } from '../../ui/useNow.ts';
import { runBadge, runTitle } from './runWords.ts';

interface RunProgressProps {
  readonly run: Run;
  readonly onChange: () => Promise<void>;
  readonly action?: ReactNode;
}

/** A run that goes on, with what it has done so far, and the button that stops it. */
export function RunProgress({ run, onChange, action }: RunProgressProps) {
  const { progress, startedAt } = run;
  const now = useNow();
  return (
    <Panel
      title={runTitle(run)}
      actions={
        <>
          {action}
          <CancelButton run={run} onChange={onChange} />
        </>
      }
    >
      <div className="run-progress" role="status">
        <Badge {...runBadge(run)} />
        {run.status === 'queued' ? (
          <span>Waits for its turn.</span>
        ) : (
          <>
            <span>
              <strong className="numeric">{countText(progress?.rows ?? 0)}</strong> rows
            </span>
            <span className="numeric">{bytesText(progress?.bytes ?? 0)}</span>
            {progress?.stream !== undefined && <span>in {progress.stream}</span>}
            {run.committedRows > 0 && (
              <span>{countText(run.committedRows)} rows are in the table</span>
            )}
            {startedAt !== null && (
              <span className="faint">
                for {secondsText(Math.max(0, (now - Date.parse(startedAt)) / 1000))}
              </span>
            )}
          </>
        )}
      </div>
      <progress className="progress" aria-label="The run goes on" />
    </Panel>
  );
}

/** Stops a run; nothing for those who may not. */
export function CancelButton({ run, onChange }: Omit<RunProgressProps, 'action'>) {
  const client = useClient();
  const mayEdit = useMay('editor');
  const [busy, setBusy] = useState(false);
  if (!mayEdit) return null;
  const cancel = (): Promise<void> =>
    attempt(async () => {
      setBusy(true);
      try {
        await client.cancelRun({ runId: run.id });
        toast('info', 'The run is being stopped. What it committed stays.');
        await onChange();
      } finally {
        setBusy(false);
      }
    });
  return (
    <Button icon="cancel" busy={busy} onClick={() => void cancel()}>
      Cancel run
    </Button>
  );
}
