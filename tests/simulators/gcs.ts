import { generateKeyPairSync } from 'node:crypto';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

interface StoredObject {
  readonly content: Buffer;
  readonly generation: number;
  readonly timeCreated: string;
  readonly contentEncoding?: string;
}

/** Buckets of Google Cloud Storage, and a service account that may read them. */
export interface GcsSimulator extends Simulator {
  makeBucket(bucket: string): void;
  put(bucket: string, name: string, content: string | Uint8Array, contentEncoding?: string): void;
  remove(bucket: string, name: string): void;
  /** Objects of a page, whatever is asked for. */
  limitPages(objects: number): void;
  /** Every request for objects is refused so. */
  refuseWith(refusal: { readonly status: number; readonly message: string } | null): void;
  readonly oauth: TokenEndpoint;
  readonly serviceAccount: string;
}

export interface ServiceAccount {
  readonly json: string;
  readonly publicKey: string;
}

/** The key file of a service account that was never made. */
export function makeServiceAccount(): ServiceAccount {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const json = JSON.stringify({
    type: 'service_account',
    project_id: 'headgate-tests',
    private_key_id: 'k1',
    private_key: privateKey,
    client_email: 'reader@headgate-tests.iam.gserviceaccount.com',
    // Not where tokens are asked for: the file is the user's.
    token_uri: 'https://evil.example/token',
  });
  return { json, publicKey };
}

/** A service account with the endpoint that knows it; shared by simulators that are started together. */
export interface GoogleAccount {
  readonly json: string;
  readonly oauth: TokenEndpoint;
}

export function makeGoogleAccount(clock: Clock): GoogleAccount {
  const { json, publicKey } = makeServiceAccount();
  const oauth = tokenEndpoint({
    clock,
    path: '/token',
    clientId: 'none',
    clientSecret: 'none',
    refreshToken: 'none',
    rotates: false,
    lifetimeSeconds: 3599,
    publicKey,
    audience: 'https://oauth2.googleapis.com/token',
  });
  return { json, oauth };
}

export const googleRefusal = (status: number, message: string): Answer => ({
  status,
  body: { error: { code: status, message, errors: [{ message, domain: 'global' }] } },
});

export async function startGcs(
  clock: Clock = createClock(),
  { json, oauth }: GoogleAccount = makeGoogleAccount(clock),
): Promise<GcsSimulator> {
  const buckets = new Map<string, Map<string, StoredObject>>();
  let generations = 1_700_000_000_000_000;
  let most = 2;
  let refusal: { readonly status: number; readonly message: string } | null = null;
  const check = openApiCheck('specs/google_storage_v1.oas.json', '/storage/v1');

  function list({ parameters, query }: SimulatedRequest): Answer {
    const objects = buckets.get(parameters['bucket'] ?? '');
    if (objects === undefined) return googleRefusal(404, 'The specified bucket does not exist.');
    const token = query.get('pageToken') ?? '';
    const names = [...objects.keys()]
      .filter(
        (name) =>
          name.startsWith(query.get('prefix') ?? '') &&
          name > Buffer.from(token, 'base64').toString(),
      )
      .sort();
    const shown = names.slice(0, most);
    const isMore = names.length > most;
    return {
      body: {
        ...(shown.length === 0
          ? {}
          : {
              items: shown.map((name) => {
                const { content, generation, timeCreated } = objects.get(name) as StoredObject;
                return {
                  name,
                  generation: String(generation),
                  size: String(content.length),
                  timeCreated,
                };
              }),
            }),
        ...(isMore ? { nextPageToken: Buffer.from(shown.at(-1) ?? '').toString('base64') } : {}),
      },
    };
  }

  function media(request: SimulatedRequest): Answer {
    for (const wrong of check?.request(request) ?? []) simulator.complain(wrong);
    const { parameters, query, headers } = request;
    const object = buckets
      .get(parameters['bucket'] ?? '')
      ?.get(decodeURIComponent(parameters['object'] ?? ''));
    if (object === undefined || query.get('generation') !== String(object.generation))
      return googleRefusal(404, 'No such object');
    if (query.get('alt') !== 'media') return googleRefusal(400, 'only media is simulated');
    const from = Number(/^bytes=(\d+)-$/.exec(headers.get('range') ?? '')?.[1] ?? 0);
    // Decompressed for those who do not say that they take gzip.
    const { contentEncoding } = object;
    if (contentEncoding === 'gzip' && !/gzip/.test(headers.get('accept-encoding') ?? ''))
      return googleRefusal(400, 'decompressive transcoding is not simulated');
    return {
      status: from === 0 ? 200 : 206,
      headers: contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding },
      body: null,
      bytes: object.content.subarray(from),
    };
  }

  const simulator = await startSimulator(
    {
      origins: ['https://storage.googleapis.com', 'https://oauth2.googleapis.com'],
      check,
      routes: [
        oauth.route,
        { method: 'GET', path: '/storage/v1/b/{bucket}/o', answer: list },
        {
          method: 'GET',
          path: '/storage/v1/b/{bucket}/o/{object}',
          answer: media,
          undescribed: true,
        },
      ],
      refuse: ({ headers }) =>
        oauth.accepts(headers.get('authorization'))
          ? refusal === null
            ? null
            : googleRefusal(refusal.status, refusal.message)
          : googleRefusal(401, 'Invalid Credentials'),
      throttled: (seconds) => ({
        ...googleRefusal(429, 'Too many requests'),
        headers: { 'retry-after': String(seconds) },
      }),
    },
    clock,
  );
  return {
    ...simulator,
    oauth,
    serviceAccount: json,
    makeBucket: (bucket) => {
      buckets.set(bucket, new Map());
    },
    put: (bucket, name, content, contentEncoding) => {
      generations += 1;
      buckets.get(bucket)?.set(name, {
        content: Buffer.from(content),
        generation: generations,
        timeCreated: clock.now().toISOString(),
        ...(contentEncoding === undefined ? {} : { contentEncoding }),
      });
    },
    remove: (bucket, name) => {
      buckets.get(bucket)?.delete(name);
    },
    limitPages: (objects) => {
      most = objects;
    },
    refuseWith: (next) => {
      refusal = next;
    },
  };
}
