import { Alert } from '../../ui/Alert.tsx';
import { Button } from '../../ui/Button.tsx';
import { Code } from '../../ui/Code.tsx';

interface ShownOnceProps {
  readonly title: string;
  readonly explanation: string;
  /** What the secret is. */
  readonly label: string;
  readonly secret: string;
  /** Forgets it. */
  readonly onDone: () => void;
}

/** A secret that was just made, until somebody has copied it. */
export const ShownOnce = ({ title, explanation, label, secret, onDone }: ShownOnceProps) => (
  <Alert kind="success" title={title} actions={<Button onClick={onDone}>I have copied it</Button>}>
    <p>{explanation}</p>
    <Code label={label} text={secret} />
  </Alert>
);
