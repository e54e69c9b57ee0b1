import { createContext, use, useSyncExternalStore } from 'react';
import { createClient } from '../../client/createClient.ts';
import type { Client, Me } from '../../client/generated.ts';
import { ProblemError } from '../../client/problemError.ts';
import {
  beginSignIn,
  finishSignIn,
  type SignInProvider,
  signInProviders,
} from '../../client/signIn.ts';

/** Who is signed in, and the API as they may use it. */
export interface Session {
  readonly client: Client;
  readonly me: Me;
  readonly token: string;
}

export type Role = Me['role'];

/**
 * The state of signing in. `checking`: a token was kept and the API is asked whose it is.
 * `out.message` says why somebody is signed out, when there is a reason.
 */
export type SessionState =
  | { readonly kind: 'checking' }
  | { readonly kind: 'out'; readonly message?: string }
  | { readonly kind: 'in'; readonly session: Session };

const storageKey = 'headgate.token';
/** Where the API is: the console is served by the same origin, here and behind CloudFront. */
const baseUrl = location.origin;

let state: SessionState = { kind: 'checking' };
const listeners = new Set<() => void>();

function become(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const readState = (): SessionState => state;

export const useSessionState = (): SessionState => useSyncExternalStore(subscribe, readState);

/** Answers of 401 end the session wherever they come from: a revoked token is noticed at once. */
function clientOf(token: string): Client {
  const client = createClient({ baseUrl, token });
  return new Proxy(client, {
    get: (target, name: keyof Client) => {
      const call = target[name] as (input?: unknown) => Promise<unknown>;
      return async (input?: unknown) => {
        try {
          return await call(input);
        } catch (error) {
          if (error instanceof ProblemError && error.status === 401 && isCurrent(token))
            signOut('This token is not valid any more. Sign in again.');
          throw error;
        }
      };
    },
  });
}

const isCurrent = (token: string): boolean => state.kind === 'in' && state.session.token === token;

/** Signs in with an API token. Rejects with what the API says, or when nothing answers. */
export async function signIn(token: string, keep: boolean): Promise<void> {
  const me = await createClient({ baseUrl, token }).getMe();
  forget();
  (keep ? localStorage : sessionStorage).setItem(storageKey, token);
  become({ kind: 'in', session: { client: clientOf(token), me, token } });
}

/** Forgets the token in this browser; the token itself stays valid. */
export function signOut(message?: string): void {
  forget();
  become(message === undefined ? { kind: 'out' } : { kind: 'out', message });
}

function forget(): void {
  sessionStorage.removeItem(storageKey);
  localStorage.removeItem(storageKey);
}

/** Where an issuer sends people back to. */
export const signedInPath = '/signed-in';
/** The page that somebody wanted when they had to sign in. */
const wantedKey = 'headgate.wanted';
const signInOptions = {
  baseUrl,
  redirectUri: `${baseUrl}${signedInPath}`,
  store: sessionStorage,
};

/** Issuers that people may sign in at; none where nobody set one up, or nothing answers. */
export const findProviders = async (): Promise<readonly SignInProvider[]> => {
  try {
    return await signInProviders(signInOptions);
  } catch {
    // A token still lets people in, and its form says when nothing answers.
    return [];
  }
};

/** Leaves for the issuer. */
export async function leaveForIssuer(provider: SignInProvider): Promise<void> {
  sessionStorage.setItem(wantedKey, location.pathname + location.search);
  location.href = await beginSignIn(signInOptions, provider);
}

/** Signs in who comes back from an issuer, and goes to the page they wanted. */
async function comeBack(): Promise<void> {
  const address = location.href;
  const wanted = sessionStorage.getItem(wantedKey) ?? '/';
  sessionStorage.removeItem(wantedKey);
  // The code is good once; it shall not stay in the address.
  history.replaceState(null, '', wanted.startsWith('/') && !wanted.startsWith('//') ? wanted : '/');
  try {
    const found = await finishSignIn(signInOptions, address);
    if (found === null) return become({ kind: 'out' });
    await signIn(found.token, false);
  } catch (error) {
    become({ kind: 'out', message: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * Finds the token to begin with: of the address (`/#token=…`, which is never sent to a server and is taken out of the
 * address at once), else the one kept here.
 */
export async function startSession(): Promise<void> {
  if (location.pathname === signedInPath) return comeBack();
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) history.replaceState(null, '', location.pathname + location.search);
  const kept = sessionStorage.getItem(storageKey) ?? localStorage.getItem(storageKey);
  const token = given ?? kept;
  if (token === null) {
    become({ kind: 'out' });
    return;
  }
  try {
    await signIn(token, given !== null || localStorage.getItem(storageKey) !== null);
  } catch (error) {
    const refused = error instanceof ProblemError && error.status === 401;
    if (refused) forget();
    become({
      kind: 'out',
      message: refused
        ? 'This token is not valid (any more). Sign in with another.'
        : 'Headgate does not answer. Reload the page to try again.',
    });
  }
}

// A tab that signs out, signs every tab of this browser out.
window.addEventListener('storage', (event) => {
  if (event.key === storageKey && event.newValue === null && state.kind === 'in')
    become({ kind: 'out' });
});

const SessionContext = createContext<Session | null>(null);
export const SessionProvider = SessionContext.Provider;

/** Of whoever is signed in; pages are only shown to them. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('used outside of a session');
  return session;
}

export const useClient = (): Client => useSession().client;

const ranks: Readonly<Record<Role, number>> = { viewer: 0, editor: 1, admin: 2 };

/** Whether the API would let the token do what needs this role. Actions that it would refuse are not shown. */
export const useMay = (role: Role): boolean => ranks[useSession().me.role] >= ranks[role];

/** Sources are made only by tokens that may touch all of them. */
export const useMayCreate = (): boolean => {
  const { me } = useSession();
  return ranks[me.role] >= ranks.editor && me.sources === null;
};
