import * as z from 'zod';
import type { RestBehaviour } from '../rest/restSpec.ts';

/** Pinned: each version of the API has its own shapes. https://docs.stripe.com/changelog */
const apiVersion = '2026-07-29.dahlia';

export const stripeConfig = z.strictObject({
  accountId: z
    .string()
    .regex(/^acct_[A-Za-z0-9]+$/)
    .optional()
    .meta({
      title: 'Connected account',
      description:
        'Id of the connected account (acct_…) to read with a platform’s key. Left out: the key’s own account.',
    }),
});
export type StripeConfig = z.infer<typeof stripeConfig>;

/** `what` a restricted key has to be able to read. */
export const stripeCredentials = (what: string) =>
  z.strictObject({
    apiKey: z
      .string()
      .regex(/^(sk|rk)_/, 'starts with sk_ or rk_')
      .max(500)
      .meta({
        title: 'API key',
        description: `A restricted key (rk_…) that may read ${what}, or a secret key (sk_…).`,
        secret: true,
      }),
  });
export type StripeCredentials = z.infer<ReturnType<typeof stripeCredentials>>;

/** What all connectors of Stripe have in common; `what` completes "read permission for …". */
export const stripeBehaviour = (
  what: string,
): Omit<RestBehaviour<StripeConfig, StripeCredentials>, 'checks'> & {
  readonly authMethods: readonly [{ name: 'key'; title: string; fields: readonly string[] }];
} => ({
  authMethods: [{ name: 'key', title: 'API key', fields: ['apiKey'] }],
  baseUrl: 'https://api.stripe.com',
  headers: { 'stripe-version': apiVersion, 'stripe-account': { config: 'accountId' } },
  auth: [{ kind: 'bearer', token: 'apiKey' }],
  // Of test mode; live mode allows four times as many. https://docs.stripe.com/rate-limits
  limits: [{ name: 'requests', requests: 25, perSeconds: 1 }],
  errorMessage: 'error.message',
  errors: [
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Make a new key in the Stripe dashboard and enter it here.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice: `Give the restricted key read permission for ${what}.`,
    },
    {
      at: 'error.param',
      is: ['starting_after'],
      code: 'source_answer_invalid',
      lostPlace: true,
    },
  ],
});
