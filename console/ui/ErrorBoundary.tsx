import { Component, type ReactNode } from 'react';
import { describeError } from '../text/describeError.ts';
import { Alert } from './Alert.tsx';
import { Button } from './Button.tsx';

interface State {
  readonly error: unknown;
}

/** Keeps a fault in one page from taking the console with it, and a part that cannot be loaded after an update. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Alert
        kind="error"
        title="This page failed"
        actions={
          <Button icon="refresh" onClick={() => location.reload()}>
            Reload
          </Button>
        }
      >
        {describeError(this.state.error)}
      </Alert>
    );
  }
}
