import { useEffect, useState } from 'react';
import type { SignInProvider } from '../../client/signIn.ts';
import { describeError } from '../text/describeError.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Checkbox, Field } from '../ui/Field.tsx';
import { findProviders, leaveForIssuer, signIn } from './session.ts';

/** Signing in: at an issuer, or with an API token. `message`: why somebody is signed out. */
export function SignIn({ message }: { readonly message: string | undefined }) {
  const [token, setToken] = useState('');
  const [keep, setKeep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(message);
  const [providers, setProviders] = useState<readonly SignInProvider[]>([]);
  useEffect(() => void findProviders().then(setProviders), []);
  useEffect(() => {
    document.title = 'Sign in · Headgate';
  }, []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(token.trim(), keep);
    } catch (caught) {
      setError(describeError(caught));
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        <div className="brand">
          <img src="/favicon.svg" alt="" />
          Headgate
        </div>
        <h1>Sign in</h1>
        {error !== undefined && <Alert kind="error">{error}</Alert>}
        {providers.map((provider) => (
          <Button
            key={provider.id}
            kind="primary"
            onClick={() =>
              void leaveForIssuer(provider).catch((caught: unknown) =>
                setError(describeError(caught)),
              )
            }
          >
            Sign in with {provider.title}
          </Button>
        ))}
        {providers.length > 0 && <p className="or">or with a token</p>}
        <Field
          label="API token"
          required
          hint="“npm start” prints one. Deployed, the first is in the secret that “npm run deploy” names."
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="password"
              autoComplete="current-password"
              required
              value={token}
              onChange={(event) => setToken(event.target.value)}
            />
          )}
        </Field>
        <Checkbox checked={keep} onChange={setKeep}>
          Keep me signed in on this computer
        </Checkbox>
        <Button type="submit" kind={providers.length > 0 ? 'plain' : 'primary'} busy={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
