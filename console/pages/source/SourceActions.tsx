import { useState } from 'react';
import type { ConnectorSummary, Source } from '../../../client/generated.ts';
import { useClient } from '../../app/session.ts';
import { countOf } from '../../text/format.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button } from '../../ui/Button.tsx';
import { Dialog, TypedConfirm } from '../../ui/Dialog.tsx';
import { Menu } from '../../ui/Menu.tsx';
import { TextField } from '../../ui/TextField.tsx';
import { attempt } from '../../ui/Toasts.tsx';
import { setStatus, startRun, tellAccepted } from '../sources/sourceActions.ts';

/** What is asked before it is done. */
export type Question = 'range' | 'full' | 'clear' | 'undo' | 'delete';

interface SourceActionsProps {
  readonly source: Source;
  readonly connector: ConnectorSummary | undefined;
  readonly onQuestion: (question: Question) => void;
  readonly onChange: () => Promise<void>;
}

/** The buttons at the top of a source’s page. */
export function SourceActions({ source, connector, onQuestion, onChange }: SourceActionsProps) {
  const client = useClient();
  const canRun =
    source.connector !== '' && source.status !== 'archived' && source.status !== 'draft';
  const hasRun = source.lastRunId !== null;
  const isActive = source.status === 'active';
  const ask = (question: Question) => () => onQuestion(question);
  return (
    <>
      <Button
        kind="primary"
        icon="refresh"
        disabled={!canRun}
        onClick={() => void attempt(() => startRun(client, source).then(onChange))}
      >
        Sync Now
      </Button>
      <Menu
        kind="plain"
        label="Actions"
        items={[
          ...(connector?.supportsDateRange
            ? [{ label: 'Sync a date range…', disabled: !canRun, onSelect: ask('range') }]
            : []),
          { label: 'Full refresh…', disabled: !canRun, onSelect: ask('full') },
          {
            label: 'Find deleted rows',
            disabled: !canRun,
            onSelect: () =>
              void attempt(async () => {
                const accepted = await client.detectDeletes({ idOrKey: source.id });
                tellAccepted(source, accepted, 'Comparison of keys');
                await onChange();
              }),
          },
          { label: 'Undo the last run…', disabled: !hasRun, onSelect: ask('undo') },
          {
            label: isActive ? 'Pause' : source.status === 'draft' ? 'Activate' : 'Resume',
            disabled: source.connector === '',
            onSelect: () =>
              void attempt(() =>
                setStatus(client, source, isActive ? 'paused' : 'active').then(onChange),
              ),
          },
          { label: 'Clear data…', danger: true, disabled: !hasRun, onSelect: ask('clear') },
          { label: 'Delete source…', danger: true, onSelect: ask('delete') },
        ]}
      >
        Actions
      </Menu>
    </>
  );
}

interface SourceQuestionProps {
  readonly source: Source;
  readonly question: Exclude<Question, 'delete'>;
  readonly onClose: () => void;
  readonly onChange: () => Promise<void>;
}

/** Asks for what is needed, or for a second thought, and does it. */
export function SourceQuestion({ source, question, onClose, onChange }: SourceQuestionProps) {
  const client = useClient();
  const rows = countOf(source.recordCount, 'row');
  switch (question) {
    case 'range':
      return <DateRangeSync source={source} onClose={onClose} onChange={onChange} />;
    case 'full':
      return (
        <Dialog
          title="Read everything again?"
          action="Start full refresh"
          onClose={onClose}
          onAction={() => startRun(client, source, { mode: 'full_refresh' }).then(onChange)}
        >
          <Alert kind="warning">
            Everything is read from the source, which can take long and cost quota there. The {rows}{' '}
            of now can be queried until the new ones take their place, all at once.
          </Alert>
        </Dialog>
      );
    case 'clear':
      return (
        <TypedConfirm
          title={`Clear the data of ${source.name}?`}
          action="Clear data"
          word={source.key}
          onClose={onClose}
          onAction={async () => {
            tellAccepted(source, await client.clearData({ idOrKey: source.id }), 'Clearing');
            await onChange();
          }}
        >
          <p>
            All {rows} leave its tables, and its cursors begin anew. The source and its settings
            stay.
          </p>
        </TypedConfirm>
      );
    case 'undo':
      return (
        <Dialog
          title="Undo the last run?"
          action="Undo the last run"
          actionKind="danger"
          onClose={onClose}
          onAction={async () => {
            const accepted = await client.undoRun({ runId: source.lastRunId ?? '' });
            tellAccepted(source, accepted, 'Undo');
            await onChange();
          }}
        >
          <p>
            Tables and cursors go back, together, to where the last run that wrote something found
            them. The next run reads the same again.
          </p>
        </Dialog>
      );
  }
}

function DateRangeSync({ source, onClose, onChange }: Omit<SourceQuestionProps, 'question'>) {
  const client = useClient();
  const [startDate, setStartDate] = useState('');
  const [endDate, setEndDate] = useState('');
  return (
    <Dialog
      title="Custom date range sync"
      action="Start sync"
      actionDisabled={startDate === ''}
      onClose={onClose}
      onAction={() =>
        startRun(client, source, { startDate, ...(endDate === '' ? {} : { endDate }) }).then(
          onChange,
        )
      }
    >
      <p>Reads this period again. Rows outside of it, and the cursor, stay as they are.</p>
      <TextField
        label="Start date"
        required
        type="date"
        value={startDate}
        onChange={setStartDate}
      />
      <TextField
        label="End date"
        hint="The first day that is not read. Left out: until now."
        type="date"
        min={startDate}
        value={endDate}
        onChange={setEndDate}
      />
    </Dialog>
  );
}
