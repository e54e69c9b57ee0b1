import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { type RetryInit, withRetries } from '../../shared/http/withRetries.ts';
import type { PacedSource } from '../simulators/simulator.ts';

/** A connector's fetch that does not hear when the vendor wants it back, and so knocks too early. */
export function deafFetch({
  origins,
  clock: { now, sleep },
}: Pick<PacedSource, 'clock' | 'origins'>): typeof fetch {
  const inner = mapOrigins(createFetch({ allow: ['127.0.0.1'] }), origins);
  const unheard: typeof fetch = async (input, init) => {
    const response = await inner(input, init);
    const headers = new Headers(response.headers);
    headers.delete('retry-after');
    return new Response(response.body, { status: response.status, headers });
  };
  const retried = withRetries(unheard, { now, sleep, random: () => 0.5, tries: 20 });
  return (input, init: RetryInit | undefined) => {
    if (init?.retry === undefined) return retried(input, init);
    // Nor what the vendor says in headers of its own.
    const { resetMilliseconds: _, ...retry } = init.retry;
    const deaf: RetryInit = { ...init, retry };
    return retried(input, deaf);
  };
}
