import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { badField } from '../api/fieldErrors.ts';
import { recordAudit } from '../audit/auditItem.ts';
import type { Connector } from '../connectors/connector.ts';
import type { FilledText, OAuthConnect } from '../connectors/oauthConnect.ts';
import { textOf } from '../connectors/rest/texts.ts';
import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { connectMinutes, keepBegun, takeBegun } from '../oauth/connectState.ts';
import { requestToken } from '../oauth/requestToken.ts';
import { checkCredentials, connectorOf } from './checkSettings.ts';
import { requireSourceOf } from './findSource.ts';
import { replaceCredentials } from './replaceCredentials.ts';
import type { Caller, SourceDependencies } from './sourceDependencies.ts';
import type { SourceItem } from './sourceItem.ts';

export interface ConnectDependencies extends SourceDependencies {
  /** Guarded: token endpoints of some vendors have a name that a user gave. */
  readonly fetch: typeof globalThis.fetch;
}

export interface ConnectRequest {
  readonly source: string;
  /** What the person enters beforehand: the app's client id and secret. */
  readonly credentials: Readonly<Record<string, Json>>;
  /** Known to the vendor's app; where the person comes back to. */
  readonly redirectUri: string;
}

/** A code that nobody has, of the shape of a refresh token, to check the rest of the credentials with. */
const stillToCome = 'x'.repeat(32);

/**
 * Begins to connect a source: answers the vendor's address to send the person to. State, PKCE verifier and what was entered are
 * kept for ten minutes, for this caller only. Nothing of the source changes before the person is back.
 */
export async function beginConnect(
  { table, connectors, now }: ConnectDependencies,
  { principal }: Caller,
  { source: idOrKey, credentials, redirectUri }: ConnectRequest,
): Promise<{ readonly url: string; readonly expiresAt: string }> {
  checkRedirect(redirectUri);
  const source = await requireSourceOf(table, principal, idOrKey);
  const { connector, connect } = connectable(connectors, source);
  checkCredentials(connector, { ...credentials, [connect.refreshToken]: stillToCome });
  // With the defaults that the schema fills in.
  const filling = { config: configOf(connector, source), credentials };
  const verifier = connect.pkce ? randomBytes(32).toString('base64url') : null;
  const expiresAt = new Date(now().getTime() + connectMinutes * 60_000).toISOString();
  const state = await keepBegun(table, {
    tenant: principal.tenant,
    sourceId: source.sourceId,
    tokenId: principal.tokenId,
    credentials,
    redirectUri,
    verifier,
    until: expiresAt,
  });
  const url = new URL(fill(connect.authorizeUrl, filling));
  for (const [name, value] of Object.entries({
    ...connect.parameters,
    response_type: 'code',
    client_id: String(credentials[connect.clientId] ?? ''),
    redirect_uri: redirectUri,
    state,
    ...(connect.scope === undefined ? {} : { scope: fill(connect.scope, filling) }),
    ...(verifier === null
      ? {}
      : {
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
        }),
  }))
    url.searchParams.set(name, value);
  return { url: url.href, expiresAt };
}

/**
 * Ends it: the code becomes a token that stays good, which is tried and then kept with the source's credentials. The state is good
 * once, for ten minutes, and only for the caller who began; for anybody else it is as if it did not exist, so nobody can be
 * made to connect an account of theirs to a stranger's source. Throws `invalid_credentials` for a code that is refused.
 */
export async function finishConnect(
  dependencies: ConnectDependencies,
  caller: Caller,
  { state, code }: { readonly state: string; readonly code: string },
): Promise<SourceItem> {
  const { table, connectors, fetch, now } = dependencies;
  const { principal } = caller;
  const begun = await takeBegun(table, state, now());
  if (begun === null || begun.tenant !== principal.tenant || begun.tokenId !== principal.tokenId)
    throw new HeadgateError(
      'not_found',
      'This connection was not begun here, or is over. Connect again.',
    );
  const source = await requireSourceOf(table, principal, begun.sourceId);
  const { connector, connect } = connectable(connectors, source);
  const { credentials, redirectUri, verifier } = begun;
  const filling = { config: configOf(connector, source), credentials };
  const secret = connect.clientSecret === null ? undefined : credentials[connect.clientSecret];
  const { tokens } = await requestToken(
    fetch,
    {
      tokenUrl: fill(connect.tokenUrl, filling),
      grant: 'authorization_code',
      clientAuth: connect.clientAuth,
      clientId: String(credentials[connect.clientId] ?? ''),
      ...(typeof secret === 'string' ? { clientSecret: secret } : {}),
      code: { value: code, redirectUri, verifier },
      ...(connect.tokenParameters === undefined ? {} : { parameters: connect.tokenParameters }),
      lifetimeSeconds: 3600,
    },
    now(),
    caller.signal,
  );
  const kept = connect.keepsAccessToken === true ? tokens.accessToken : tokens.refreshToken;
  if (kept === undefined)
    throw new HeadgateError(
      'invalid_credentials',
      `${connector.title} handed out no refresh token. Allow the app offline access, and connect again.`,
    );
  const connected = await replaceCredentials(
    dependencies,
    caller,
    source.sourceId,
    { credentials: { ...credentials, [connect.refreshToken]: kept } },
    { verify: true },
  );
  await recordAudit(
    table,
    {
      tenant: principal.tenant,
      by: principal.tokenId,
      requestId: caller.requestId,
      action: 'oauth.connected',
      subject: source.sourceId,
    },
    now(),
  );
  return connected;
}

function connectable(
  connectors: readonly Connector[],
  source: SourceItem,
): { readonly connector: Connector; readonly connect: OAuthConnect } {
  const connector = connectorOf(connectors, source.connector);
  if (connector?.connect === undefined)
    throw badField(['source'], 'Its connector is not connected in the browser.');
  return { connector, connect: connector.connect };
}

const configOf = (connector: Connector, source: SourceItem): unknown =>
  connector.config.safeParse(source.config).data ?? source.config;

const fill = (
  text: FilledText,
  filling: { readonly config: unknown; readonly credentials: unknown },
): string => textOf<Record<string, Json>, Record<string, Json>>(text, filling);

/** A code that travels in the open can be read on the way; on this machine there is no way. */
function checkRedirect(text: string): void {
  const url = z.url().safeParse(text).success ? new URL(text) : null;
  const isLocal = url !== null && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return;
  throw badField(['redirectUri'], 'Must be https, or http on this machine.');
}
