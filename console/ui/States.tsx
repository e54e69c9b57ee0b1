import type { ReactNode } from 'react';
import { describeError } from '../text/describeError.ts';
import { Alert } from './Alert.tsx';
import { Button } from './Button.tsx';

/** Something could not be read; what was read before may still be shown beside it. */
export const LoadError = ({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry: () => void;
}) => (
  <Alert
    kind="error"
    title="This could not be loaded"
    actions={
      <Button icon="refresh" onClick={onRetry}>
        Try again
      </Button>
    }
  >
    {describeError(error)}
  </Alert>
);

/** Holds the place of something that is loaded. */
export const Loading = ({ lines = 4 }: { readonly lines?: number }) => (
  <div className="loading" role="status">
    <span className="visually-hidden">Loading</span>
    {Array.from({ length: lines }, (_, line) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines without anything of their own
      <span key={line} className="skeleton" />
    ))}
  </div>
);

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** Nothing is here yet: what would be, and how it comes to be. */
export const Empty = ({ title, children, action }: EmptyProps) => (
  <div className="empty">
    <strong>{title}</strong>
    {children !== undefined && <p>{children}</p>}
    {action}
  </div>
);
