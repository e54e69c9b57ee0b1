import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient } from '../client/createClient.ts';
import { beginSignIn, finishSignIn, signInProviders } from '../client/signIn.ts';
import { type RunningHeadgate, startHeadgate } from './startHeadgate.ts';

let headgate: RunningHeadgate;
beforeAll(async () => {
  headgate = await startHeadgate();
});
afterAll(() => headgate[Symbol.asyncDispose]());

function browser() {
  const kept = new Map<string, string>();
  return {
    baseUrl: headgate.url,
    redirectUri: 'http://127.0.0.1:9/signed-in',
    store: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    },
  };
}
/** Fills in the development issuer's form, and answers where it sends the browser. */
async function fillIn(address: string, form: Record<string, string>): Promise<string> {
  const shown = await fetch(address);
  expect(await shown.text()).toContain('Development sign-in');
  const sent = await fetch(address, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
  });
  return sent.headers.get('location') ?? '';
}

it('signs a person in with a code and PKCE, with the role and tenant of the token, for everything', async () => {
  const options = browser();
  const [provider] = await signInProviders(options);
  if (provider === undefined) throw new Error('no way to sign in');
  const address = await beginSignIn(options, provider);
  const back = await fillIn(address, { name: 'jane', tenant: 'acme', role: 'viewer' });
  const session = await finishSignIn(options, back);
  const client = createClient({ baseUrl: headgate.url, token: session?.token ?? '' });
  expect(await client.getMe()).toMatchObject({
    tenant: 'acme',
    role: 'viewer',
    tokenId: 'development:jane',
  });
  await expect(client.listTokens()).rejects.toMatchObject({ status: 403 });
  // Neither what was kept nor the code works again.
  await expect(finishSignIn(options, back)).rejects.toThrow('not begun here');
});

it('refuses a sign-in that was begun elsewhere, a code with another verifier, and a forged token', async () => {
  const [mine, other] = [browser(), browser()];
  const [provider] = await signInProviders(mine);
  if (provider === undefined) throw new Error('no way to sign in');
  const back = await fillIn(await beginSignIn(mine, provider), { name: 'mallory' });
  await beginSignIn(other, provider);
  await expect(finishSignIn(other, back)).rejects.toThrow('not begun here');
  const forced = browser();
  await beginSignIn(forced, provider);
  const begun = JSON.parse(forced.store.getItem('headgate-sign-in') ?? '{}');
  const stolen = new URL(back);
  stolen.searchParams.set('state', begun.state);
  await expect(finishSignIn(forced, stolen.href)).rejects.toMatchObject({ status: 401 });

  const session = await (async () => {
    const options = browser();
    return finishSignIn(options, await fillIn(await beginSignIn(options, provider), { name: 'x' }));
  })();
  const [head = '', , signature = ''] = (session?.token ?? '').split('.');
  const payload = JSON.parse(
    Buffer.from((session?.token ?? '').split('.')[1] ?? '', 'base64url').toString(),
  );
  const forged = Buffer.from(JSON.stringify({ ...payload, tenant: 'other' })).toString('base64url');
  const client = createClient({ baseUrl: headgate.url, token: `${head}.${forged}.${signature}` });
  await expect(client.getMe()).rejects.toMatchObject({ status: 401 });
});

it('sends nobody back to another machine', async () => {
  const options = { ...browser(), redirectUri: 'https://evil.test/' };
  const [provider] = await signInProviders(options);
  if (provider === undefined) throw new Error('no way to sign in');
  expect((await fetch(await beginSignIn(options, provider))).status).toBe(400);
});
