import { useSyncExternalStore } from 'react';
import { describeError } from '../text/describeError.ts';
import { Button, Link } from './Button.tsx';

interface Toast {
  readonly id: number;
  readonly kind: 'success' | 'error' | 'info';
  readonly text: string;
  readonly link?: { readonly to: string; readonly text: string };
}

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();
const longest = { success: 6_000, info: 6_000, error: 12_000 } as const;
const most = 5;

function become(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

/** Tells what happened, for a few seconds, on whatever page. */
export function toast(kind: Toast['kind'], text: string, link?: Toast['link']): void {
  const id = nextId++;
  // What is told of the same page takes the place of what was told before: a run began, and it is done.
  const others = toasts.filter((each) => link === undefined || each.link?.to !== link.to);
  become([...others, { id, kind, text, ...(link === undefined ? {} : { link }) }].slice(-most));
  setTimeout(() => dismiss(id), longest[kind]);
}

const dismiss = (id: number): void => become(toasts.filter((each) => each.id !== id));

/** Does something that is asked for with a click; what goes wrong is a toast. */
export async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    toast('error', describeError(error));
  }
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const read = (): readonly Toast[] => toasts;

/** Where toasts are shown; always there, so that screen readers hear of new ones. */
export function Toasts() {
  const shown = useSyncExternalStore(subscribe, read);
  return (
    <section className="toasts" aria-label="Notifications" aria-live="polite">
      {shown.map(({ id, kind, text, link }) => (
        <div key={id} className={`toast ${kind}`}>
          <span>
            {text}
            {link !== undefined && (
              <>
                {' '}
                <Link to={link.to}>{link.text}</Link>
              </>
            )}
          </span>
          <Button kind="quiet" icon="cancel" aria-label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </section>
  );
}
