import { createFetch } from '../../shared/http/createFetch.ts';
import { mapOrigins } from '../../shared/http/mapOrigins.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import type { Simulator } from '../simulators/simulator.ts';

/** A connector's fetch that does not hear when the vendor wants it back, and so knocks too early. */
export function deafFetch({ origins, clock: { now, sleep } }: Simulator): typeof fetch {
  const inner = mapOrigins(createFetch({ allow: ['127.0.0.1'] }), origins);
  const unheard: typeof fetch = async (input, init) => {
    const response = await inner(input, init);
    const headers = new Headers(response.headers);
    headers.delete('retry-after');
    return new Response(response.body, { status: response.status, headers });
  };
  return withRetries(unheard, { now, sleep, random: () => 0.5, tries: 20 });
}
