import { createHash } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import { type Clock, createClock } from './clock.ts';
import { type CodeEndpoint, codeEndpoint } from './codeEndpoint.ts';
import { openApiCheck } from './openApiCheck.ts';
import { type Answer, type SimulatedRequest, type Simulator, startSimulator } from './simulator.ts';

export interface MailchimpMember {
  readonly id: string;
  readonly contact_id: string;
  readonly email_address: string;
  readonly status: string;
  /** `2022-02-23T16:25:57+00:00`. */
  readonly last_changed: string;
  readonly merge_fields: Readonly<Record<string, Json>>;
  readonly [field: string]: Json;
}

/** A Mailchimp audience. Its lists only skip records, and a member who changes moves to their end. */
export interface MailchimpSimulator extends Simulator {
  create(fields?: Readonly<Record<string, Json>>): MailchimpMember;
  update(contactId: string, fields: Readonly<Record<string, Json>>): void;
  archive(contactId: string): void;
  /** Deleted for good: no trace is left. */
  erase(contactId: string): void;
  define(tag: string, type: string): void;
  /** Those that are not archived. */
  members(): readonly MailchimpMember[];
  /** Pages of this many, however many were asked for. */
  limitPages(members: number): void;
  /** Whether "since" takes in its own second. */
  sinceTakesIn(own: boolean): void;
  /** Whether lists that ask for no status have archived members, too. */
  listArchived(also: boolean): void;
  readonly listId: string;
  readonly key: string;
  readonly disabledKey: string;
  readonly token: string;
  /** Of an app; people agree at `codes`. */
  readonly app: { readonly clientId: string; readonly clientSecret: string };
  readonly codes: CodeEndpoint;
}

const failure = (status: number, title: string, detail: string): Answer => ({
  status,
  body: {
    type: 'https://mailchimp.com/developer/marketing/docs/errors/',
    title,
    status,
    detail,
    instance: '995c5cb0-3280-4a6e-808b-3b096d0bb219',
  },
});

export async function startMailchimp(clock: Clock = createClock()): Promise<MailchimpSimulator> {
  const members = new Map<string, MailchimpMember>();
  const fields: { tag: string; type: string }[] = [
    { tag: 'FNAME', type: 'text' },
    { tag: 'ADDRESS', type: 'address' },
  ];
  const listId = 'a36b032126';
  const key = 'canary0f1e2d3c4b5a-us3';
  const disabledKey = 'canarydisabled1234-us3';
  const token = 'canary-mailchimp-token';
  let last = 0;
  let most = 1000;
  let sinceIsInclusive = false;
  let listsArchived = false;
  const now = (): string =>
    `${new Date(Math.floor(clock.now().getTime() / 1000) * 1000).toISOString().slice(0, 19)}+00:00`;
  const digest = (text: string): string => createHash('md5').update(text).digest('hex');

  function list({ parameters, query }: SimulatedRequest): Answer {
    if (parameters['list_id'] !== listId)
      return failure(404, 'Resource Not Found', 'The requested resource could not be found.');
    const count = Number(query.get('count') ?? 10);
    if (count > 1000) return failure(400, 'Invalid Resource', 'count must be at most 1000');
    const offset = Number(query.get('offset') ?? 0);
    const status = query.get('status');
    const [since, before] = ['since_last_changed', 'before_last_changed'].map((name) => {
      const given = query.get(name);
      return given === null ? null : Date.parse(given);
    });
    const found = [...members.values()]
      .filter((member) =>
        status === null ? listsArchived || member.status !== 'archived' : member.status === status,
      )
      .filter(({ last_changed }) => {
        const time = Date.parse(last_changed);
        const isSince = since == null || time > since || (sinceIsInclusive && time === since);
        return isSince && (before == null || time < before);
      })
      .sort((left, right) => {
        const order =
          query.get('sort_field') === 'last_changed'
            ? left.last_changed.localeCompare(right.last_changed)
            : 0;
        return (
          (query.get('sort_dir') === 'ASC' ? order : -order) || left.id.localeCompare(right.id)
        );
      });
    return {
      body: {
        members: found.slice(offset, offset + Math.min(most, count)) as unknown as Json,
        list_id: listId,
        total_items: found.length,
      },
    };
  }

  const app = { clientId: '635959587059', clientSecret: 'canary-mailchimp-secret-9d1c' };
  const codes = codeEndpoint({
    ...app,
    authorizeUrl: 'https://login.mailchimp.com/oauth2/authorize',
    // Zero: it does not end.
    tokens: { access_token: token, expires_in: 0, scope: null },
  });
  const simulator = await startSimulator(
    {
      origins: ['https://us3.api.mailchimp.com', 'https://login.mailchimp.com'],
      check: openApiCheck('specs/handwritten/mailchimp.oas.json'),
      throttled: (wait) => ({
        ...failure(429, 'Too Many Requests', 'You have exceeded the limit of 10 connections.'),
        headers: { 'retry-after': String(wait) },
      }),
      refuse: ({ headers }) => {
        const sent = headers.get('authorization') ?? '';
        const password = sent.startsWith('Basic ')
          ? Buffer.from(sent.slice(6), 'base64').toString().split(':')[1]
          : null;
        if (password === key || sent === `Bearer ${token}`) return null;
        if (password === disabledKey)
          return failure(403, 'User Disabled', 'This account has been disabled.');
        return failure(401, 'API Key Invalid', `Your API key may be invalid: ${password}`);
      },
      routes: [
        {
          method: 'POST',
          path: '/oauth2/token',
          open: true,
          undescribed: true,
          answer: codes.answer,
        },
        {
          method: 'GET',
          path: '/oauth2/metadata',
          open: true,
          undescribed: true,
          // Refuses with status 200.
          answer: ({ headers }) => ({
            body:
              headers.get('authorization') === `OAuth ${token}`
                ? {
                    dc: 'us3',
                    login_url: 'https://login.mailchimp.com',
                    api_endpoint: 'https://us3.api.mailchimp.com',
                  }
                : { error: 'invalid_token', error_description: 'The access token is invalid' },
          }),
        },
        { method: 'GET', path: '/3.0/lists/{list_id}/members', answer: list },
        {
          method: 'GET',
          path: '/3.0/lists/{list_id}/merge-fields',
          answer: () => ({
            body: {
              merge_fields: fields.map(({ tag, type }, index) => ({
                merge_id: index + 1,
                tag,
                name: tag,
                type,
                required: false,
                default_value: '',
                public: true,
                display_order: index + 2,
                options: {},
                help_text: '',
                list_id: listId,
              })),
              list_id: listId,
              total_items: fields.length,
            },
          }),
        },
      ],
    },
    clock,
  );
  return Object.assign(simulator, {
    listId,
    key,
    disabledKey,
    token,
    app,
    codes,
    members: () => [...members.values()].filter(({ status }) => status !== 'archived'),
    create: (given: Readonly<Record<string, Json>> = {}) => {
      last += 1;
      const email = String(given['email_address'] ?? `member${last}@example.com`);
      const contactId = digest(`contact ${last}`);
      const member: MailchimpMember = {
        id: digest(email.toLowerCase()),
        email_address: email,
        unique_email_id: digest(email).slice(0, 10),
        contact_id: contactId,
        full_name: '',
        web_id: 368_925_385 + last,
        email_type: 'html',
        status: 'subscribed',
        consents_to_one_to_one_messaging: true,
        merge_fields: { FNAME: '', ADDRESS: '' },
        stats: { avg_open_rate: 0, avg_click_rate: 0 },
        ip_signup: '',
        timestamp_signup: '',
        ip_opt: '186.6.243.135',
        timestamp_opt: now(),
        member_rating: 2,
        last_changed: now(),
        language: '',
        vip: false,
        email_client: '',
        location: {
          latitude: 0,
          longitude: 0,
          gmtoff: 0,
          dstoff: 0,
          country_code: '',
          timezone: '',
          region: '',
        },
        source: 'Import',
        tags_count: 0,
        tags: [],
        list_id: listId,
        ...given,
      };
      members.set(contactId, member);
      return member;
    },
    update: (contactId: string, given: Readonly<Record<string, Json>>) => {
      const member = members.get(contactId);
      if (member === undefined) return;
      const email = String(given['email_address'] ?? member.email_address);
      members.set(contactId, {
        ...member,
        ...given,
        id: digest(email.toLowerCase()),
        last_changed: now(),
      } as MailchimpMember);
    },
    archive: (contactId: string) => {
      const member = members.get(contactId);
      if (member !== undefined)
        members.set(contactId, { ...member, status: 'archived', last_changed: now() });
    },
    erase: (contactId: string) => {
      members.delete(contactId);
    },
    define: (tag: string, type: string) => {
      fields.push({ tag, type });
    },
    limitPages: (size: number) => {
      most = size;
    },
    sinceTakesIn: (own: boolean) => {
      sinceIsInclusive = own;
    },
    listArchived: (also: boolean) => {
      listsArchived = also;
    },
  });
}
