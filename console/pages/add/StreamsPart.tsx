import { useState } from 'react';
import { describeError } from '../../text/describeError.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button } from '../../ui/Button.tsx';
import { type Offered, type StreamChoices, StreamsEditor } from './StreamsEditor.tsx';

/** What each mode does to the table. */
export const modeHints: Readonly<Record<string, string>> = {
  full_refresh: 'Reads everything each time; the new rows take the place of the old at once.',
  full_refresh_append: 'Reads everything each time and adds it to what is there.',
  incremental:
    'Reads what is new since the last time. With a key, changed rows take the place of old ones.',
  cdc: 'Follows the database’s own log of changes.',
};

interface StreamsPartProps {
  readonly load: () => Promise<readonly Offered[]>;
  readonly value: StreamChoices | null;
  readonly onChange: (value: StreamChoices | null) => void;
}

/** Asks the source what it offers when somebody wants to choose. */
export function StreamsPart({ load, value, onChange }: StreamsPartProps) {
  const [offered, setOffered] = useState<readonly Offered[]>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      setOffered(await load());
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack tight">
      {offered === undefined ? (
        <div className="buttons">
          <Button icon="catalog" busy={busy} onClick={() => void ask()}>
            Choose streams
          </Button>
          <span className="soft">
            {value === null
              ? 'All streams are read, with their own keys and cursors.'
              : `${Object.keys(value).length} streams are read.`}
          </span>
        </div>
      ) : (
        <StreamsEditor offered={offered} value={value} onChange={onChange} />
      )}
      {error !== undefined && <Alert kind="error">{describeError(error)}</Alert>}
    </div>
  );
}
