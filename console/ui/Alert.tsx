import type { ReactNode } from 'react';
import { Icon } from './Icon.tsx';

interface AlertProps {
  readonly kind: 'error' | 'warning' | 'info' | 'success';
  readonly title?: string;
  readonly children?: ReactNode;
  /** Buttons and links. */
  readonly actions?: ReactNode;
}

const icons = { error: 'warn', warning: 'warn', info: 'health', success: 'check' } as const;

/** Something to know before going on. Errors are announced to screen readers at once. */
export const Alert = ({ kind, title, children, actions }: AlertProps) => (
  <div className={`alert ${kind}`} role={kind === 'error' ? 'alert' : undefined}>
    <Icon name={icons[kind]} />
    <div className="alert-text">
      {title !== undefined && <strong>{title}</strong>}
      {children !== undefined && <div>{children}</div>}
    </div>
    {actions !== undefined && <div className="alert-actions">{actions}</div>}
  </div>
);
