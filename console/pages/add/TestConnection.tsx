import { useState } from 'react';
import type { TestResult } from '../../../client/generated.ts';
import { describeError } from '../../text/describeError.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button } from '../../ui/Button.tsx';
import { RowsTable } from '../source/RowsTable.tsx';

interface TestConnectionProps {
  readonly run: () => Promise<TestResult>;
  /** Gets what the test rejected with, to mark fields; undefined when it did not. */
  readonly onError?: (error: unknown) => void;
}

/** Tries the connection, and shows what the source answers and its first records where there are some. */
export function TestConnection({ run, onError }: TestConnectionProps) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<TestResult>();
  const [error, setError] = useState<unknown>();
  const test = async (): Promise<void> => {
    setBusy(true);
    setResult(undefined);
    setError(undefined);
    onError?.(undefined);
    try {
      setResult(await run());
    } catch (caught) {
      setError(caught);
      onError?.(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack tight">
      <div>
        <Button icon="play" busy={busy} onClick={() => void test()}>
          Test connection
        </Button>
      </div>
      <div role="status" className="stack tight">
        {result?.ok === true && <Alert kind="success">{result.message}</Alert>}
        {result?.ok === false && (
          <Alert kind="error" title="The source refused">
            {result.message}
          </Alert>
        )}
        {error !== undefined && <Alert kind="error">{describeError(error)}</Alert>}
        {result?.sample?.map(({ stream, records }) => (
          <RowsTable key={stream} caption={`First records of ${stream}`} rows={records} />
        ))}
      </div>
    </div>
  );
}
