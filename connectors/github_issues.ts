import * as z from 'zod';
import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import type { RestColumn } from '../shared/connectors/rest/restColumn.ts';

const config = z.strictObject({
  owner: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/, 'a user or an organisation')
    .meta({ title: 'Owner', description: 'User or organisation that the repository belongs to.' }),
  repository: z
    .string()
    .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/, 'a name without slashes')
    .meta({ title: 'Repository', description: 'Name of the repository, without its owner.' }),
});
type Config = z.infer<typeof config>;

const credentials = z.strictObject({
  accessToken: z.string().min(1).max(500).meta({
    title: 'Access token',
    description: 'A fine-grained token that may read the repository’s issues.',
    secret: true,
  }),
});
type Credentials = z.infer<typeof credentials>;

const text = (name: string, from?: string): RestColumn => ({
  name,
  type: 'string',
  ...(from === undefined ? {} : { from }),
});
const time = (name: string): RestColumn => ({ name, type: 'timestamptz' });

/** https://docs.github.com/rest/issues/issues; a pull request is an issue that has `pull_request`. */
const columns: readonly RestColumn[] = [
  { name: 'id', type: 'long' },
  { name: 'number', type: 'long' },
  text('title'),
  text('state'),
  text('state_reason'),
  text('body'),
  text('author', 'user.login'),
  text('labels'),
  text('assignees'),
  text('milestone'),
  { name: 'locked', type: 'boolean' },
  { name: 'comments', type: 'long' },
  text('pull_request'),
  text('html_url'),
  time('created_at'),
  time('updated_at'),
  time('closed_at'),
];

const repository = ['/repos/', { config: 'owner' }, '/', { config: 'repository' }] as const;

export default defineRestConnector<Config, Credentials>({
  name: 'github_issues',
  title: 'GitHub issues',
  description: 'Issues and pull requests of one GitHub repository, with their changes.',
  docs: 'https://docs.github.com/rest/issues/issues',
  labels: ['saas'],
  authMethods: [{ name: 'token', title: 'Access token', fields: ['accessToken'] }],
  config,
  credentials,
  baseUrl: 'https://api.github.com',
  headers: { 'x-github-api-version': '2022-11-28', 'user-agent': 'headgate' },
  auth: [{ kind: 'bearer', token: 'accessToken' }],
  // 5,000 an hour. https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
  limits: [{ name: 'requests', requests: 80, perSeconds: 60 }],
  checks: [
    { path: [...repository, '/issues'], query: { per_page: '1', state: 'all' }, what: 'issues' },
  ],
  errorMessage: 'message',
  errors: [
    { status: [401], code: 'invalid_credentials', advice: 'Make a new token and enter it here.' },
    {
      status: [403],
      code: 'source_forbidden',
      advice: 'Give the token read permission for issues.',
    },
    {
      status: [404],
      code: 'source_not_found',
      advice: 'Check owner and repository; a token that may not see it gets the same answer.',
    },
    { status: [410], code: 'source_not_found', advice: 'Issues are turned off there.' },
  ],
  // Without Retry-After, the header says at which second the next requests are free.
  waits: ({ headers }, now) =>
    headers.get('x-ratelimit-remaining') === '0'
      ? Math.max(0, Number(headers.get('x-ratelimit-reset')) * 1000 - now.getTime())
      : null,
  streams: {
    issues: {
      primaryKey: ['id'],
      columns,
      others: 'other_fields',
      cursorField: 'updated_at',
      captures: 'changes',
      deletes: 'none',
      repeats: true,
      pages: {
        path: [...repository, '/issues'],
        query: { state: 'all', sort: 'updated', direction: 'asc' },
        records: '',
        paging: { kind: 'linkHeader' },
        size: { to: { query: 'per_page' }, records: 100 },
      },
      changes: {
        kind: 'window',
        time: 'updated_at',
        format: 'iso',
        from: { query: 'since' },
        order: 'ascending',
        lagSeconds: 30,
        overlapSeconds: 300,
      },
    },
  },
});
