import * as z from 'zod';
import { HeadgateError } from '../../errors.ts';
import type { OAuthGrant } from '../../oauth/oauthGrant.ts';

/** What of a service account's key file is used. Its token address is not: the signature would go wherever it says. */
const keyFile = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
});

const tokenUrl = 'https://oauth2.googleapis.com/token';

/** The field of credentials that holds a Google service account's key. */
export const serviceAccount = z.string().min(1).max(20_000).meta({
  title: 'Service account key',
  description: 'The whole JSON file that Google Cloud made for a key of the service account.',
  secret: true,
});

/** How access tokens of a service account are had. Throws `invalid_credentials` for what is no key file. */
export function serviceAccountGrant(text: string, scope: string): OAuthGrant {
  const parsed = keyFile.safeParse(parsedJson(text));
  if (!parsed.success)
    throw new HeadgateError(
      'invalid_credentials',
      'This is not the key file of a service account: JSON with "type": "service_account", client_email and private_key.',
    );
  const { client_email, private_key, private_key_id } = parsed.data;
  return {
    tokenUrl,
    grant: 'jwt',
    clientAuth: 'none',
    scope,
    assertion: {
      issuer: client_email,
      audience: tokenUrl,
      privateKey: private_key,
      ...(private_key_id === undefined ? {} : { keyId: private_key_id }),
      lifetimeSeconds: 300,
    },
    lifetimeSeconds: 3600,
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message may quote the key.
    return null;
  }
}
