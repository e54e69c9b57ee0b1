import { HeadgateError } from '../errors.ts';
import type { Delivery } from './deliveries.ts';
import { signWebhook } from './signWebhook.ts';
import type { DeliveryAttempt, WebhookItem } from './webhookItem.ts';
import type { WebhookSecret } from './webhookSecrets.ts';

export interface PostDependencies {
  /** Guarded: a webhook's address is a stranger's. */
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
}

const timeoutMilliseconds = 10_000;

/**
 * Tells a webhook once. Any 2xx is a success. A redirect is not followed: the address was checked, another one was not.
 * Never throws for what the other side does.
 */
export async function postWebhook(
  { fetch, now }: PostDependencies,
  { format }: Pick<WebhookItem, 'format'>,
  { url, signingSecret }: WebhookSecret,
  { id, attempt, payload, text }: Delivery,
): Promise<DeliveryAttempt> {
  const at = now();
  const body = JSON.stringify(format === 'slack' ? { text } : payload);
  const told = { at: at.toISOString(), id, attempt };
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'headgate-webhooks/1',
        ...signWebhook(signingSecret, id, at, body),
      },
      body,
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    // Nobody reads it, and it may be endless.
    await response.body?.cancel();
    const { status, ok } = response;
    return { ...told, ok, status, detail: ok ? null : `The address answered ${status}.` };
  } catch (error) {
    return { ...told, ok: false, status: null, detail: reasonOf(error) };
  }
}

/** Without the address: its path may be a password. */
function reasonOf(error: unknown): string {
  if (error instanceof HeadgateError && error.code === 'address_refused')
    return 'The address is not allowed: only public https addresses are told.';
  return error instanceof Error && error.name === 'TimeoutError'
    ? `No answer within ${timeoutMilliseconds / 1000} s.`
    : 'The address could not be reached.';
}
