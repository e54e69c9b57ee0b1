import type { Refusal } from './connectorExample.ts';

/** What Stripe says no to, whatever is asked for. */
export const stripeRefusals: readonly Refusal[] = [
  {
    title: 'a wrong key',
    credentials: { apiKey: 'rk_live_canaryWrong3' },
    code: 'invalid_credentials',
    says: /Make a new key/,
  },
  {
    title: 'a connected account that is not there',
    config: { accountId: 'acct_gone' },
    code: 'source_not_found',
    says: /No such account/,
  },
];
