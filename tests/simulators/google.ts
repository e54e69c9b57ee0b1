import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

interface Person {
  readonly resourceName: string;
  readonly etag: string;
  readonly name: string;
  readonly email: string | null;
  readonly deleted: boolean;
  readonly previous: readonly string[];
  /** Of its last change. */
  readonly version: number;
  readonly updatedAt: string;
}

/** The contacts of one Google account. */
export interface GoogleSimulator extends Simulator {
  create(name: string, email?: string): string;
  update(resourceName: string, name: string): void;
  remove(resourceName: string): void;
  /** The contact goes on under another name, which it answers. */
  rename(resourceName: string): string;
  people(): readonly Person[];
  /** Forgets the places of all reads that are under way. */
  losePlaces(): void;
  /** Serves pages of this many, however many were asked for. */
  limitPages(people: number): void;
  refuseWith(reason: string | null): void;
  readonly oauth: TokenEndpoint;
  readonly credentials: Readonly<Record<string, string>>;
}

const keptMilliseconds = 7 * 86_400_000;

const failure = (status: number, code: string, message: string, reason?: string): Answer => ({
  status,
  body: {
    error: {
      code: status,
      message,
      status: code,
      ...(reason === undefined
        ? {}
        : {
            details: [
              {
                '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
                reason,
                domain: 'googleapis.com',
              },
            ],
          }),
    },
  },
});

export async function startGoogle(clock: Clock = createClock()): Promise<GoogleSimulator> {
  const people = new Map<string, Person>();
  let version = 0;
  let generation = 1;
  let most = 1000;
  let reason: string | null = null;
  const credentials = {
    clientId: 'google-client.apps.googleusercontent.com',
    clientSecret: 'GOCSPX-canary-secret',
    refreshToken: '1//canary-refresh',
  };
  const oauth = tokenEndpoint({
    ...credentials,
    clock,
    path: '/token',
    rotates: false,
    lifetimeSeconds: 3599,
  });
  const seal = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const open = (text: string): Record<string, unknown> | null => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    } catch {
      return null;
    }
  };

  const shown = (person: Person): Json => ({
    resourceName: person.resourceName,
    etag: person.etag,
    metadata: {
      objectType: 'PERSON',
      sources: [
        { type: 'CONTACT', id: person.resourceName.slice(8), updateTime: person.updatedAt },
      ],
      ...(person.deleted ? { deleted: true } : {}),
      ...(person.previous.length > 0 ? { previousResourceNames: person.previous } : {}),
    },
    ...(person.deleted
      ? {}
      : {
          names: [
            {
              metadata: { primary: true },
              displayName: person.name,
              givenName: person.name.split(' ')[0] ?? '',
              familyName: person.name.split(' ')[1] ?? '',
            },
          ],
          ...(person.email === null
            ? {}
            : { emailAddresses: [{ metadata: { primary: true }, value: person.email }] }),
        }),
  });

  function list({ query }: SimulatedRequest): Answer {
    const fixed = new URLSearchParams(query);
    fixed.delete('pageToken');
    const first = fixed.toString();
    const page = query.has('pageToken') ? open(query.get('pageToken') ?? '') : null;
    if (query.has('pageToken') && (page === null || page['generation'] !== generation))
      return failure(400, 'INVALID_ARGUMENT', 'Invalid page token.');
    if (page !== null && page['first'] !== first)
      return failure(400, 'INVALID_ARGUMENT', 'Parameters differ from those of the first page.');
    const sync = query.has('syncToken') ? open(query.get('syncToken') ?? '') : null;
    const now = clock.now().getTime();
    if (query.has('syncToken') && (sync === null || now - Number(sync['began']) > keptMilliseconds))
      return failure(
        400,
        'FAILED_PRECONDITION',
        'Sync token is expired. Clear local cache and retry call without the sync token.',
        'EXPIRED_SYNC_TOKEN',
      );
    const began = sync === null ? Number(page?.['began'] ?? now) : Number(sync['began']);
    const upTo = Number(page?.['upTo'] ?? version);
    const all = [...people.values()]
      .filter((person) =>
        sync === null ? !person.deleted : person.version > Number(sync['version']),
      )
      .filter((person) => person.version <= upTo)
      .sort((left, right) => left.version - right.version);
    const start = page === null ? 0 : all.findIndex((each) => each.version > Number(page['after']));
    const rest = page !== null && start < 0 ? [] : all.slice(start);
    const size = Math.min(most, Number(query.get('pageSize') ?? 100));
    const served = rest.slice(0, size);
    const after = served.at(-1)?.version;
    return {
      body: {
        ...(served.length === 0 ? {} : { connections: served.map(shown) }),
        totalPeople: all.length,
        totalItems: all.length,
        ...(rest.length > size
          ? { nextPageToken: seal({ generation, after, upTo, began, first }) }
          : query.get('requestSyncToken') === 'true'
            ? { nextSyncToken: seal({ version: upTo, began }) }
            : {}),
      },
    };
  }

  const put = (person: Omit<Person, 'version' | 'updatedAt' | 'etag'>): void => {
    version += 1;
    people.set(person.resourceName, {
      ...person,
      version,
      etag: `%${version}`,
      updatedAt: clock.now().toISOString(),
    });
  };
  let count = 0;
  const newName = (): string => {
    count += 1;
    return `people/c${1_234_567_890 + count * 7_919}`;
  };

  const simulator = await startSimulator(
    {
      origins: ['https://people.googleapis.com', 'https://oauth2.googleapis.com'],
      check: openApiCheck('specs/google_people_v1.oas.json'),
      throttled: (wait) => ({
        ...failure(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        if (!oauth.accepts(headers.get('authorization')))
          return failure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
        return reason === null
          ? null
          : failure(403, 'PERMISSION_DENIED', 'Request had insufficient scopes.', reason);
      },
      routes: [oauth.route, { method: 'GET', path: '/v1/people/me/connections', answer: list }],
    },
    clock,
  );
  return Object.assign(simulator, {
    oauth,
    credentials,
    people: () => [...people.values()].filter(({ deleted }) => !deleted),
    create: (name: string, email?: string) => {
      const resourceName = newName();
      put({ resourceName, name, email: email ?? null, deleted: false, previous: [] });
      return resourceName;
    },
    update: (resourceName: string, name: string) => {
      const person = people.get(resourceName);
      if (person !== undefined) put({ ...person, name });
    },
    remove: (resourceName: string) => {
      const person = people.get(resourceName);
      if (person !== undefined) put({ ...person, deleted: true });
    },
    rename: (resourceName: string) => {
      const person = people.get(resourceName);
      const next = newName();
      people.delete(resourceName);
      if (person !== undefined)
        put({ ...person, resourceName: next, previous: [...person.previous, resourceName] });
      return next;
    },
    losePlaces: () => {
      generation += 1;
    },
    limitPages: (size: number) => {
      most = size;
    },
    refuseWith: (next: string | null) => {
      reason = next;
    },
  });
}
