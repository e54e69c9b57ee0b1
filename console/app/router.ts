import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const tell = (): void => {
  for (const listener of listeners) listener();
};
window.addEventListener('popstate', tell);

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Shows another page of the console. `replace`: without a step in the browser's history. */
export function navigate(to: string, { replace = false } = {}): void {
  const url = new URL(to, location.href);
  if (url.href === location.href) return;
  const samePage = url.pathname === location.pathname;
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  if (!samePage) window.scrollTo(0, 0);
  tell();
}

export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname);

const useSearch = (): string => useSyncExternalStore(subscribe, () => location.search);

/** A parameter of the address, so that what is filtered, sorted or open can be sent to somebody as a link. */
export function useParam(name: string): readonly [string, (value: string) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? '';
  return [value, (next) => setParams({ [name]: next })];
}

/** Sets several at once; an empty one goes. */
export function setParams(values: Readonly<Record<string, string>>): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values))
    if (value === '') url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  navigate(url.href, { replace: true });
}

/** The named parts of a path, or null when it is another: `matchPath('/runs/:id', '/runs/7')`. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split('/');
  const given = path.replace(/(.)\/+$/, '$1').split('/');
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith(':')) {
      try {
        found[part.slice(1)] = decodeURIComponent(text);
      } catch {
        return null;
      }
    } else if (part !== text) return null;
  }
  return found;
}
