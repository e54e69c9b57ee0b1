import {
  type KeyboardEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { Button, type ButtonProps } from './Button.tsx';

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
}

interface MenuProps {
  readonly label: string;
  readonly items: readonly MenuItem[];
  readonly kind?: ButtonProps['kind'];
  /** Shown on the button; left out: three dots, and `label` is its name. */
  readonly children?: ReactNode;
}

/** Of the list in the window, in pixels. */
interface Place {
  readonly top: number;
  readonly right: number;
}

/** A button with a list of actions, by https://www.w3.org/WAI/ARIA/apg/patterns/menu-button/. */
export function Menu({ label, items, kind = 'quiet', children }: MenuProps) {
  const [place, setPlace] = useState<Place | null>(null);
  const holder = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const isOpen = place !== null;
  const count = items.length;
  const button = (): HTMLElement | null => holder.current?.querySelector('button') ?? null;
  const close = (): void => {
    setPlace(null);
    button()?.focus();
  };

  /** Beside the button; null when that cannot be seen. */
  const placeNow = useCallback((): Place | null => {
    const box = holder.current?.getBoundingClientRect();
    if (box === undefined || box.bottom < 0 || box.top > window.innerHeight) return null;
    // Above the button when there is no room below it.
    const height = count * 36 + 12;
    const below = box.bottom + 4;
    const top = below + height > window.innerHeight ? Math.max(4, box.top - height - 4) : below;
    return { top, right: document.documentElement.clientWidth - box.right };
  }, [count]);

  useEffect(() => {
    if (!isOpen) return;
    list.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true });
    const onOutside = (event: Event): void => {
      if (!(event.target instanceof Node) || !holder.current?.contains(event.target))
        setPlace(null);
    };
    // It stays with its button when the page moves, as it does by itself when something is loaded above.
    const onMove = (): void => setPlace(placeNow);
    document.addEventListener('pointerdown', onOutside);
    window.addEventListener('scroll', onMove, true);
    window.addEventListener('resize', onMove);
    return () => {
      document.removeEventListener('pointerdown', onOutside);
      window.removeEventListener('scroll', onMove, true);
      window.removeEventListener('resize', onMove);
    };
  }, [isOpen, placeNow]);

  const toggle = (): void => (isOpen ? close() : setPlace(placeNow));
  const onKeyDown = (event: KeyboardEvent): void => {
    const entries = [...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (target !== undefined) entries.at(target % entries.length)?.focus();
    else if (event.key === 'Escape') close();
    else if (event.key === 'Tab') {
      setPlace(null);
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="menu" ref={holder}>
      <Button
        kind={kind}
        icon={children === undefined ? 'more' : 'arrowDown'}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={children === undefined ? label : undefined}
        onClick={toggle}
      >
        {children}
      </Button>
      {place !== null && (
        <div
          id={id}
          ref={list}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          className="menu-list"
          style={place}
          onKeyDown={onKeyDown}
        >
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              aria-disabled={item.disabled || undefined}
              className={item.danger ? 'danger' : undefined}
              onClick={() => {
                if (item.disabled) return;
                close();
                item.onSelect();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
