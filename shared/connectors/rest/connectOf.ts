import type { FilledText, OAuthConnect } from '../oauthConnect.ts';
import type { ConfiguredRestSpec, RestSpec } from './restSpec.ts';

/** How a person connects: what the spec says of it, and of the token that comes of it. */
export function connectOf<Config, Credentials>(
  spec: RestSpec<Config, Credentials> | ConfiguredRestSpec<Config, Credentials>,
): { readonly connect?: OAuthConnect } {
  if (!('auth' in spec) || spec.connect === undefined) return {};
  const { name } = spec;
  const { keeps, ...connect } = spec.connect;
  if (keeps !== undefined) return { connect: { ...connect, ...keeps, keepsAccessToken: true } };
  const way = spec.auth.find((each) => each.kind === 'oauth' && each.grant === 'refresh_token');
  if (way?.kind !== 'oauth' || way.clientId === undefined || way.refreshToken === undefined)
    throw new TypeError(`${name}: a connector that can be connected needs a refresh token`);
  const { tokenUrl, clientAuth, clientId, clientSecret = null, refreshToken } = way;
  return {
    connect: {
      ...connect,
      // The same pieces, of fields whose names are forgotten here.
      tokenUrl: tokenUrl as FilledText,
      clientAuth,
      clientId,
      clientSecret,
      refreshToken,
    },
  };
}
