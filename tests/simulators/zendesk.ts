import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type ApiCheck, openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';
import { type TokenEndpoint, tokenEndpoint } from './tokenEndpoint.ts';
import { withoutNulls } from './withoutNulls.ts';

export interface ZendeskUser {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly updated_at: string;
  readonly user_fields: Readonly<Record<string, Json>>;
  readonly [field: string]: Json;
}

/** A Zendesk account. Its export goes by the time a user was last touched, and leaves out the last minute. */
export interface ZendeskSimulator extends Simulator {
  create(fields?: Readonly<Record<string, Json>>): ZendeskUser;
  update(id: number, fields: Readonly<Record<string, Json>>): void;
  /** Touches the user, but not `updated_at`. */
  signIn(id: number): void;
  remove(id: number): void;
  /** The loser goes. */
  merge(winner: number, loser: number): void;
  define(key: string, type: string): void;
  users(): readonly ZendeskUser[];
  /** Pages of this many, however many were asked for. */
  limitPages(users: number): void;
  /** A page without users has no cursor. */
  hideEmptyCursors(): void;
  forgetCursors(): void;
  readonly apiToken: string;
  readonly agentToken: string;
  readonly oauth: TokenEndpoint;
  readonly oauthCredentials: Readonly<Record<string, string>>;
}

const fieldsPerPage = 100;
const unseenMilliseconds = 60_000;
export const zendeskAdmin = 'admin@acme.example';

/**
 * The description wants `start_time` on every page, leaves out the number of a page of fields, and does not say of most
 * fields of a user that they are null where they are empty, as recorded ones are.
 */
function check(): ApiCheck | null {
  const described = openApiCheck('specs/zendesk_support.trim.json');
  return described === null
    ? null
    : {
        ...described,
        request: (request) =>
          described
            .request(request)
            .filter(
              (each) =>
                !(request.query.has('cursor') && each === 'missing parameter start_time') &&
                !(request.path === '/api/v2/user_fields' && each === 'unknown parameter page'),
            ),
        answer: (request, status, body) => described.answer(request, status, withoutNulls(body)),
      };
}

export async function startZendesk(clock: Clock = createClock()): Promise<ZendeskSimulator> {
  const users = new Map<number, ZendeskUser>();
  /** When each was last touched, in epoch seconds. */
  const touched = new Map<number, number>();
  const fields: { key: string; type: string }[] = [];
  // Beyond what 32 bits hold.
  let last = 421_941_820_000;
  let most = 1000;
  let hidesEmptyCursors = false;
  let generation = 1;
  const apiToken = 'zendesk-canary-6f1b';
  const agentToken = 'zendesk-canary-agent';
  const oauthCredentials = {
    clientId: 'headgate_client',
    clientSecret: 'zendesk-secret-canary',
    refreshToken: 'zendesk-refresh-canary',
  };
  const oauth = tokenEndpoint({
    ...oauthCredentials,
    clock,
    path: '/oauth/tokens',
    rotates: true,
    lifetimeSeconds: 1800,
  });
  const seconds = (): number => Math.floor(clock.now().getTime() / 1000);
  const instant = (): string => new Date(seconds() * 1000).toISOString().replace('.000Z', 'Z');

  function put(user: ZendeskUser, fields: Readonly<Record<string, Json>>): void {
    users.set(user.id, { ...user, ...fields } as ZendeskUser);
    touched.set(user.id, seconds());
  }

  function exportUsers({ query }: SimulatedRequest): Answer {
    const given = query.get('cursor');
    const cursor = Buffer.from(given ?? '', 'base64').toString();
    const [, known, afterTime, afterId] = /^(\d+)\|(\d+)\.0\|\|(\d+)$/.exec(cursor) ?? [];
    if (given !== null && Number(known) !== generation)
      return { status: 422, body: { error: 'InvalidValue', description: 'Invalid cursor' } };
    const start = Number(query.get('start_time'));
    if (given === null && start > seconds() - unseenMilliseconds / 1000)
      return { status: 422, body: { error: 'StartTimeTooRecent', description: 'Too recent' } };
    const seen = (clock.now().getTime() - unseenMilliseconds) / 1000;
    const after = (id: number): boolean => {
      const time = touched.get(id) ?? 0;
      if (given === null) return time >= start;
      return time > Number(afterTime) || (time === Number(afterTime) && id > Number(afterId));
    };
    const found = [...users.values()]
      .filter(({ id }) => (touched.get(id) ?? 0) < seen && after(id))
      .sort(
        (left, right) =>
          (touched.get(left.id) ?? 0) - (touched.get(right.id) ?? 0) || left.id - right.id,
      );
    const page = found.slice(0, Math.min(most, Number(query.get('per_page') ?? 1000)));
    const end = page.at(-1);
    const place =
      end === undefined
        ? (given ?? Buffer.from(`${generation}|${start}.0||0`).toString('base64'))
        : Buffer.from(`${generation}|${touched.get(end.id)}.0||${end.id}`).toString('base64');
    const after_cursor = end === undefined && hidesEmptyCursors ? null : place;
    return {
      body: {
        users: page as unknown as Json,
        after_url:
          after_cursor === null
            ? null
            : `https://acme.zendesk.com/api/v2/incremental/users/cursor.json?cursor=${after_cursor}`,
        after_cursor,
        before_url: null,
        before_cursor: null,
        end_of_stream: page.length === found.length,
      },
    };
  }

  function listFields({ query }: SimulatedRequest): Answer {
    const page = Number(query.get('page') ?? 1);
    return {
      body: {
        user_fields: fields
          .slice((page - 1) * fieldsPerPage, page * fieldsPerPage)
          .map(({ key, type }, index) => ({
            url: `https://acme.zendesk.com/api/v2/user_fields/${360_001_266_052 + index}.json`,
            id: 360_001_266_052 + index,
            type,
            key,
            title: key,
            description: '',
            raw_title: key,
            raw_description: '',
            position: index,
            active: true,
            system: false,
            regexp_for_validation: null,
            created_at: '2020-08-15T01:33:08Z',
            updated_at: '2020-08-15T01:33:08Z',
          })),
        next_page:
          fields.length > page * fieldsPerPage
            ? `https://acme.zendesk.com/api/v2/user_fields?page=${page + 1}`
            : null,
        previous_page: null,
        count: fields.length,
      },
    };
  }

  const basic = (token: string): string =>
    `Basic ${Buffer.from(`${zendeskAdmin}/token:${token}`).toString('base64')}`;

  const simulator = await startSimulator(
    {
      origins: ['https://acme.zendesk.com'],
      check: check(),
      throttled: (wait) => ({
        status: 429,
        headers: { 'retry-after': String(wait) },
        body: {
          error: 'APIRateLimitExceeded',
          description: 'Number of allowed incremental export API requests per minute exceeded',
        },
      }),
      refuse: ({ headers, path }) => {
        const sent = headers.get('authorization') ?? '';
        if (sent === basic(apiToken) || oauth.accepts(sent)) return null;
        if (sent === basic(agentToken))
          return path.includes('incremental')
            ? {
                status: 403,
                body: {
                  error: {
                    title: 'Forbidden',
                    message: 'You do not have access to this page.',
                  },
                },
              }
            : null;
        return { status: 401, body: { error: 'Couldn’t authenticate you' } };
      },
      routes: [
        oauth.route,
        { method: 'GET', path: '/api/v2/incremental/users/cursor', answer: exportUsers },
        { method: 'GET', path: '/api/v2/user_fields', answer: listFields },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    apiToken,
    agentToken,
    oauth,
    oauthCredentials,
    users: () => [...users.values()].filter(({ active }) => active),
    create: (given: Readonly<Record<string, Json>> = {}) => {
      last += 1;
      const id = last;
      const user: ZendeskUser = {
        id,
        url: `https://acme.zendesk.com/api/v2/users/${id}.json`,
        name: `User ${id}`,
        email: null,
        created_at: instant(),
        updated_at: instant(),
        time_zone: 'Arizona',
        iana_time_zone: 'America/Phoenix',
        phone: null,
        shared_phone_number: null,
        photo: null,
        locale_id: 1,
        locale: 'en-US',
        organization_id: null,
        role: 'end-user',
        verified: true,
        external_id: null,
        tags: [],
        alias: null,
        active: true,
        shared: false,
        shared_agent: false,
        last_login_at: null,
        two_factor_auth_enabled: false,
        signature: null,
        details: null,
        notes: null,
        role_type: null,
        custom_role_id: null,
        moderator: false,
        ticket_restriction: 'requested',
        only_private_comments: false,
        restricted_agent: true,
        suspended: false,
        default_group_id: null,
        report_csv: false,
        user_fields: {},
        ...given,
      };
      put(user, {});
      return user;
    },
    update: (id: number, given: Readonly<Record<string, Json>>) => {
      const user = users.get(id);
      if (user !== undefined) put(user, { ...given, updated_at: instant() });
    },
    signIn: (id: number) => {
      const user = users.get(id);
      if (user !== undefined) put(user, { last_login_at: instant() });
    },
    remove: (id: number) => {
      const user = users.get(id);
      if (user !== undefined) put(user, { active: false, updated_at: instant() });
    },
    merge: (winner: number, loser: number) => {
      const [kept, gone] = [users.get(winner), users.get(loser)];
      if (kept !== undefined) put(kept, { updated_at: instant() });
      if (gone !== undefined) put(gone, { active: false, updated_at: instant() });
    },
    define: (key: string, type: string) => {
      fields.push({ key, type });
    },
    limitPages: (size: number) => {
      most = size;
    },
    hideEmptyCursors: () => {
      hidesEmptyCursors = true;
    },
    forgetCursors: () => {
      generation += 1;
    },
  });
}
