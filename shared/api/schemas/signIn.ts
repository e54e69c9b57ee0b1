import * as z from 'zod';

const short = z.string().min(1).max(2000);

export const signInWays = z
  .strictObject({
    providers: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        authorizationEndpoint: z.url(),
        clientId: z.string(),
        scopes: z.string(),
      }),
    ),
  })
  .meta({ id: 'SignInWays' });

export const redeemSignIn = z
  .strictObject({
    provider: z.string().min(1).max(32),
    code: short.describe('What the issuer sent to `redirectUri`.'),
    verifier: z
      .string()
      .regex(/^[\w.~-]{43,128}$/)
      .describe('Of PKCE (S256).'),
    redirectUri: z.url().max(2000),
    nonce: z.string().min(16).max(200).describe('The one of the authorization request.'),
  })
  .meta({ id: 'RedeemSignIn' });

export const signInToken = z
  .strictObject({
    token: z.string().describe('The bearer token from now on.'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'SignInToken' });
