import type { ButtonHTMLAttributes, MouseEvent, ReactNode } from 'react';
import { navigate } from '../app/router.ts';
import { Icon, type IconName } from './Icon.tsx';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  readonly icon?: IconName;
  /** Under way: a spinner, and further clicks do nothing. */
  readonly busy?: boolean;
  readonly children?: ReactNode;
}

/** Without text it MUST have an `aria-label`, which is also shown as its tooltip. */
export function Button({
  kind = 'plain',
  icon,
  busy = false,
  children,
  className = '',
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      title={children === undefined ? rest['aria-label'] : undefined}
      {...rest}
      aria-busy={busy || undefined}
      className={`button ${kind} ${children === undefined ? 'icon-only' : ''} ${className}`}
      onClick={(event) => {
        if (!busy) onClick?.(event);
      }}
    >
      {busy ? <span className="spinner" /> : icon === undefined ? null : <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Goes to a page of the console without loading it anew; other clicks are the browser’s. */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  navigate(event.currentTarget.href);
}

export interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
}

/** A link to a page of the console. */
export function Link({ to, children, className, current = false }: LinkProps) {
  return (
    <a
      href={to}
      className={className}
      aria-current={current ? 'page' : undefined}
      onClick={followLink}
    >
      {children}
    </a>
  );
}

export interface LinkButtonProps extends Omit<LinkProps, 'className' | 'current'> {
  readonly kind?: ButtonProps['kind'];
  readonly icon?: IconName;
}

/** A link that looks like a button, as it leads to where something is done. */
export const LinkButton = ({ to, kind = 'plain', icon, children }: LinkButtonProps) => (
  <Link to={to} className={`button ${kind}`}>
    {icon === undefined ? null : <Icon name={icon} />}
    {children}
  </Link>
);
