import { describeError } from '../../../text/describeError.ts';
import { Alert } from '../../../ui/Alert.tsx';
import { Button } from '../../../ui/Button.tsx';

interface SaveRowProps {
  readonly busy: boolean;
  readonly error: unknown;
  readonly onSave: () => void;
  readonly label?: string;
}

/** The button that saves a part, and what was wrong with it. */
export const SaveRow = ({ busy, error, onSave, label = 'Save' }: SaveRowProps) => (
  <>
    {error !== undefined && <Alert kind="error">{describeError(error)}</Alert>}
    <div>
      <Button kind="primary" busy={busy} onClick={onSave}>
        {label}
      </Button>
    </div>
  </>
);
