import { useEffect } from 'react';
import { startLive } from '../data/liveEvents.ts';
import { forgetQueries } from '../data/query.ts';
import { startEventToasts } from './eventToasts.ts';
import { Pages } from './Pages.tsx';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';
import { SessionProvider, startSession, useSessionState } from './session.ts';

/** Signed out: the sign-in page, at whatever address; signed in: the page of the address. */
export function App() {
  const state = useSessionState();
  useEffect(() => void startSession(), []);
  const session = state.kind === 'in' ? state.session : undefined;
  useEffect(() => {
    if (session === undefined) return undefined;
    const stopLive = startLive(session);
    const stopToasts = startEventToasts();
    return () => {
      stopToasts();
      stopLive();
      forgetQueries();
    };
  }, [session]);
  if (state.kind === 'checking') return null;
  if (session === undefined)
    return <SignIn message={state.kind === 'out' ? state.message : undefined} />;
  return (
    <SessionProvider value={session}>
      <Shell>
        <Pages />
      </Shell>
    </SessionProvider>
  );
}
