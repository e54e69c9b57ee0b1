import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';

export interface MicrosoftContact {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  /** '' is the default folder. */
  readonly folder: string;
  readonly changeKey: string;
  readonly changedAt: string;
}

/** What happened to one contact in one folder. */
interface Change {
  readonly version: number;
  readonly folder: string;
  readonly id: string;
  readonly removed: boolean;
}

/** The contacts of one mailbox, in folders. */
export interface MicrosoftSimulator extends Simulator {
  create(name: string, email?: string, folder?: string): string;
  update(id: string, name: string): void;
  remove(id: string): void;
  move(id: string, folder: string): void;
  addFolder(displayName: string, parent?: string): string;
  contacts(folder?: string): readonly MicrosoftContact[];
  /** Forgets every delta token that was handed out. */
  forgetTokens(): void;
  /** Serves pages of this many, however many were asked for; every `emptyEvery`th is empty. */
  limitPages(contacts: number, emptyEvery?: number): void;
  refuseWith(status: number | null, code?: string): void;
  readonly oauth: TokenEndpoint;
  readonly mailbox: string;
  readonly credentials: Readonly<Record<string, string>>;
  /** Of the app itself. */
  readonly appCredentials: Readonly<Record<string, string>>;
}

const origin = 'https://graph.microsoft.com';

const failure = (status: number, code: string, message: string): Answer => ({
  status,
  body: {
    error: { code, message, innerError: { date: '2026-11-20T10:00:00', 'request-id': '0' } },
  },
});

export async function startMicrosoft(clock: Clock = createClock()): Promise<MicrosoftSimulator> {
  const contacts = new Map<string, MicrosoftContact>();
  const folders = new Map<string, { readonly name: string; readonly parent: string }>();
  let changes: Change[] = [];
  let version = 0;
  let count = 0;
  let generation = 1;
  let most = 100;
  let emptyEvery = 0;
  let served = 0;
  let refusal: Answer | null = null;
  const mailbox = 'ada@example.com';
  const appCredentials = {
    tenantId: '72f988bf-0000-4000-8000-2d7cd011db47',
    clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
    clientSecret: 'canary~secret.8Q',
  };
  const credentials = { ...appCredentials, refreshToken: '0.canary-refresh' };
  const oauth = tokenEndpoint({
    ...credentials,
    clock,
    path: `/${appCredentials.tenantId}/oauth2/v2.0/token`,
    rotates: true,
    lifetimeSeconds: 3599,
  });
  const seal = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const open = (text: string): Record<string, number> | null => {
    try {
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, number>;
    } catch {
      return null;
    }
  };

  const shown = ({ id, removed }: Change): Json => {
    const contact = contacts.get(id);
    if (removed || contact === undefined) return { id, '@removed': { reason: 'deleted' } };
    const { name, email, folder, changeKey, changedAt } = contact;
    const [givenName = '', surname = ''] = name.split(' ');
    const emailAddresses = email === null ? [] : [{ name, address: email }];
    return {
      '@odata.etag': `W/"${changeKey}"`,
      id,
      createdDateTime: changedAt,
      lastModifiedDateTime: changedAt,
      changeKey,
      categories: [],
      parentFolderId: folder === '' ? 'AQMkDefault' : folder,
      birthday: null,
      displayName: name,
      givenName,
      surname,
      jobTitle: null,
      companyName: 'Example Ltd',
      businessPhones: ['+44 20 7946 0000'],
      homePhones: [],
      mobilePhone: null,
      imAddresses: [],
      emailAddresses,
      ...(email === null ? {} : { primaryEmailAddress: { name, address: email } }),
      homeAddress: {},
      businessAddress: { city: 'London', countryOrRegion: 'UK' },
      otherAddress: {},
    };
  };

  function delta({ path, query, parameters }: SimulatedRequest): Answer {
    const folder = decodeURIComponent(parameters['folder'] ?? '');
    if (folder !== '' && !folders.has(folder))
      return failure(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
    const token = query.get('$skiptoken') ?? query.get('$deltatoken');
    const state = token === null ? null : open(token);
    if (token !== null && (state === null || state['generation'] !== generation))
      return failure(410, 'syncStateNotFound', 'The sync state generation is not found.');
    const since = state?.['since'] ?? 0;
    const isRound = state === null || state['first'] === 1;
    const began = state?.['began'] ?? version;
    const last = new Map<string, Change>();
    for (const change of changes) if (change.folder === folder) last.set(change.id, change);
    const news = [...last.values()]
      // A first round tells of those that went while it was under way.
      .filter(
        (change) =>
          change.version > since && (!isRound || !change.removed || change.version > began),
      )
      .sort((left, right) => left.version - right.version);
    served += 1;
    const isEmpty = emptyEvery > 0 && served % emptyEvery === 0;
    const page = isEmpty ? [] : news.slice(0, most);
    const rest = isEmpty || news.length > page.length;
    const position = rest ? (page.at(-1)?.version ?? since) : version;
    const sealed = seal({
      generation,
      served,
      began,
      since: position,
      first: rest && isRound ? 1 : 0,
    });
    const link = `${origin}${path}?${rest ? '$skiptoken' : '$deltatoken'}=${sealed}`;
    return {
      body: {
        '@odata.context': `${origin}/v1.0/$metadata#Collection(contact)`,
        value: page.map(shown),
        [rest ? '@odata.nextLink' : '@odata.deltaLink']: link,
      },
    };
  }

  function foldersBelow(parent: string): Answer {
    const value = [...folders]
      .filter(([, folder]) => folder.parent === parent)
      .map(([id, { name }]) => ({ id, displayName: name, parentFolderId: parent || 'AQMkRoot' }));
    return { body: { value } };
  }

  const note = (id: string, folder: string, removed: boolean): void => {
    version += 1;
    changes = [
      ...changes.filter((each) => each.id !== id || each.folder !== folder),
      { version, folder, id, removed },
    ];
  };
  const put = (contact: Omit<MicrosoftContact, 'changeKey' | 'changedAt'>): void => {
    note(contact.id, contact.folder, false);
    contacts.set(contact.id, {
      ...contact,
      changeKey: `EQAAABYA${version}`,
      changedAt: clock.now().toISOString(),
    });
  };

  const simulator = await startSimulator(
    {
      origins: [origin, 'https://login.microsoftonline.com'],
      check: openApiCheck('specs/handwritten/msgraph_contacts.oas.json', '/v1.0'),
      throttled: (wait) => ({
        ...failure(
          429,
          'ApplicationThrottled',
          'Application is over its MailboxConcurrency limit.',
        ),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers, path }) => {
        if (!oauth.accepts(headers.get('authorization')))
          return failure(
            401,
            'InvalidAuthenticationToken',
            'Access token has expired or is not yet valid.',
          );
        if (refusal !== null) return refusal;
        if (path.endsWith('/delta') && !headers.get('prefer')?.includes('IdType="ImmutableId"'))
          return failure(400, 'ErrorInvalidRequest', 'Ids that change were asked for.');
        return path.startsWith(`/v1.0/users/${mailbox}/`)
          ? null
          : failure(404, 'ResourceNotFound', 'Resource could not be discovered.');
      },
      routes: [
        oauth.route,
        { method: 'GET', path: '/v1.0/users/{user}/contacts/delta', answer: delta },
        {
          method: 'GET',
          path: '/v1.0/users/{user}/contactFolders/{folder}/contacts/delta',
          answer: delta,
        },
        {
          method: 'GET',
          path: '/v1.0/users/{user}/contacts',
          answer: ({ query }) => ({
            body: {
              value: [...contacts.keys()].slice(0, Number(query.get('$top'))).map((id) => ({ id })),
            },
          }),
        },
        {
          method: 'GET',
          path: '/v1.0/users/{user}/contactFolders',
          answer: () => foldersBelow(''),
        },
        {
          method: 'GET',
          path: '/v1.0/users/{user}/contactFolders/{folder}/childFolders',
          undescribed: true,
          answer: ({ parameters }) => foldersBelow(decodeURIComponent(parameters['folder'] ?? '')),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    oauth,
    mailbox,
    credentials,
    appCredentials,
    contacts: (folder = '') => [...contacts.values()].filter((each) => each.folder === folder),
    create: (name: string, email?: string, folder = '') => {
      count += 1;
      const id = `AAkALg${String(count * 7919).padStart(8, '0')}=`;
      put({ id, name, email: email ?? null, folder });
      return id;
    },
    update: (id: string, name: string) => {
      const contact = contacts.get(id);
      if (contact !== undefined) put({ ...contact, name });
    },
    remove: (id: string) => {
      const contact = contacts.get(id);
      contacts.delete(id);
      if (contact !== undefined) note(id, contact.folder, true);
    },
    move: (id: string, folder: string) => {
      const contact = contacts.get(id);
      if (contact === undefined) return;
      note(id, contact.folder, true);
      put({ ...contact, folder });
    },
    addFolder: (name: string, parent = '') => {
      const id = `AAMkFolder${folders.size + 1}=`;
      folders.set(id, { name, parent });
      return id;
    },
    forgetTokens: () => {
      generation += 1;
    },
    limitPages: (size: number, empty = 0) => {
      most = size;
      emptyEvery = empty;
    },
    refuseWith: (status: number | null, code = 'ErrorAccessDenied') => {
      refusal = status === null ? null : failure(status, code, 'Access is denied.');
    },
  });
}
