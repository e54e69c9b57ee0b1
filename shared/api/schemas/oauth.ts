import * as z from 'zod';
import { json } from '../../json.ts';

export const connectOAuth = z
  .strictObject({
    source: z.string().min(1).max(255).describe('Id or key; its configuration must be complete.'),
    credentials: z
      .record(z.string(), json)
      .describe(
        'All fields of the way `oauth2` but the refresh token: client id and secret of your app.',
      ),
    redirectUri: z.url().max(2000).describe('Where the person comes back to; known to your app.'),
  })
  .meta({ id: 'ConnectOAuth' });

export const oauthAddress = z
  .strictObject({
    url: z.url().describe('Send the person here.'),
    expiresAt: z.iso.datetime().describe('Until when they must be back.'),
  })
  .meta({ id: 'OAuthAddress' });

export const oauthApp = z
  .strictObject({
    clientId: z.string().describe('What the vendor calls the app; no secret.'),
    connector: z.string(),
    vendor: z.string().describe('The connector’s title.'),
    usedBy: z.array(z.strictObject({ sourceId: z.string(), sourceKey: z.string() })),
  })
  .meta({ id: 'OAuthApp' });

export const finishOAuth = z
  .strictObject({
    state: z.string().min(1).max(200),
    code: z.string().min(1).max(4000),
  })
  .meta({ id: 'FinishOAuth' });
