import type { Json, Run } from '../../../client/generated.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Link } from '../../ui/Button.tsx';
import { cellText } from '../source/RowsTable.tsx';
import { adviceFor } from './advice.ts';

type Failure = NonNullable<Run['error']>;

interface RunErrorProps {
  readonly title: string;
  readonly error: Failure;
  /** A link to the run, where this is not its page. */
  readonly runId?: string;
}

/** What went wrong, what is known of it, and what to do. */
export const RunError = ({ title, error, runId }: RunErrorProps) => (
  <Alert
    kind="error"
    title={title}
    actions={
      runId === undefined ? undefined : (
        <Link to={`/runs/${runId}`} className="button quiet">
          See the run
        </Link>
      )
    }
  >
    <p>{error.message}</p>
    {adviceFor(error.code) !== undefined && <p className="soft">{adviceFor(error.code)}</p>}
    <p className="faint">
      <code>{error.code}</code>
      {error.stream !== undefined && ` in stream ${error.stream}`}
      {Object.entries(error.facts ?? {}).map(
        ([name, value]: [string, Json]) => ` · ${name}: ${cellText(value)}`,
      )}
    </p>
  </Alert>
);
