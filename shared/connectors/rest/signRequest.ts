import { HeadgateError } from '../../errors.ts';
import type { AccessToken, OAuthGrant } from '../../oauth/oauthGrant.ts';
import type { Context } from '../connector.ts';
import type { RestAuth, RestOAuth } from './restAuth.ts';
import type { Text } from './texts.ts';
import { type Filling, fieldOf, textOf } from './texts.ts';

/** What signs one request. */
export interface Signature {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Present where the source may refuse the token and another can be had. */
  readonly token?: AccessToken;
}

/**
 * Signs in the first way whose credential fields are all there. `rejected` is a token that was refused.
 * Throws `invalid_credentials` when no way applies.
 */
export async function signatureOf<Config, Credentials>(
  ways: readonly RestAuth<Config, Credentials>[],
  context: Context<Config, Credentials>,
  rejected?: string,
): Promise<Signature> {
  const { credentials } = context;
  const way = ways.find((candidate) =>
    neededFields(candidate).every((name) => fieldOf(credentials, name) !== null),
  );
  if (way === undefined)
    throw new HeadgateError(
      'invalid_credentials',
      `The credentials are not complete: ${ways.map((each) => neededFields(each).join(', ')).join('; or ')}.`,
    );
  const credential = (name: string): string => fieldOf(credentials, name) ?? '';
  switch (way.kind) {
    case 'none':
      return { headers: {}, query: {} };
    case 'bearer':
      return { headers: { authorization: `Bearer ${credential(way.token)}` }, query: {} };
    case 'header':
      return {
        headers: { [way.name]: `${way.prefix ?? ''}${credential(way.value)}` },
        query: {},
      };
    case 'query':
      return { headers: {}, query: { [way.name]: credential(way.value) } };
    case 'basic': {
      const pair = `${textOf(way.user, context)}:${textOf(way.password, context)}`;
      return {
        headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
        query: {},
      };
    }
    case 'oauth': {
      if (context.accessToken === undefined)
        throw new Error('a connector that uses OAuth needs access tokens in its context');
      const token = await context.accessToken(grantOf(way, context), rejected);
      const headers =
        way.header === undefined
          ? { authorization: `Bearer ${token.token}` }
          : { [way.header]: token.token };
      return { headers, query: {}, token };
    }
  }
}

/** Credential fields without which a way to sign does not apply. */
function neededFields<Config, Credentials>(way: RestAuth<Config, Credentials>): readonly string[] {
  switch (way.kind) {
    case 'none':
      return [];
    case 'bearer':
      return [way.token];
    case 'header':
    case 'query':
      return [way.value];
    case 'basic':
      return [way.user, way.password].flatMap(credentialsIn);
    case 'oauth':
      return [
        way.clientId,
        way.clientAuth === 'none' ? undefined : way.clientSecret,
        way.grant === 'refresh_token' ? way.refreshToken : undefined,
        way.assertion?.privateKey,
        ...(way.assertion?.subject === undefined ? [] : credentialsIn(way.assertion.subject)),
      ].filter((name) => name !== undefined);
  }
}

const credentialsIn = <Config, Credentials>(text: Text<Config, Credentials>): readonly string[] =>
  (Array.isArray(text) ? text : [text]).flatMap((piece: unknown) =>
    typeof piece === 'object' && piece !== null && 'credential' in piece
      ? [String(piece.credential)]
      : [],
  );

function grantOf<Config, Credentials>(
  way: RestOAuth<Config, Credentials>,
  filling: Filling,
): OAuthGrant {
  const { assertion } = way;
  const field = (name: string | undefined): string | undefined =>
    (name === undefined ? null : fieldOf(filling.credentials, name)) ?? undefined;
  const [clientId, clientSecret] = [field(way.clientId), field(way.clientSecret)];
  const refreshToken = field(way.refreshToken);
  return {
    tokenUrl: textOf(way.tokenUrl, filling),
    grant: way.grant,
    clientAuth: way.clientAuth,
    lifetimeSeconds: way.lifetimeSeconds,
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(way.scope === undefined ? {} : { scope: textOf(way.scope, filling) }),
    ...(way.parameters === undefined
      ? {}
      : {
          parameters: Object.fromEntries(
            Object.entries(way.parameters).map(([name, text]) => [name, textOf(text, filling)]),
          ),
        }),
    ...(assertion === undefined
      ? {}
      : {
          assertion: {
            issuer: textOf(assertion.issuer, filling),
            ...(assertion.subject === undefined
              ? {}
              : { subject: textOf(assertion.subject, filling) }),
            audience: textOf(assertion.audience, filling),
            privateKey: field(assertion.privateKey) ?? '',
            ...(assertion.keyId === undefined ? {} : { keyId: textOf(assertion.keyId, filling) }),
            lifetimeSeconds: assertion.lifetimeSeconds,
          },
        }),
  };
}
