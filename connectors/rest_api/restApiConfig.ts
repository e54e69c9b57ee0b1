import * as z from 'zod';
import { HeadgateError } from '../../shared/errors.ts';
import { parseHttpUrl } from '../../shared/http/safeUrl.ts';
import { checkedSettings } from './checkedSettings.ts';
import { streamSettings } from './streamSettings.ts';
import { secretOrText } from './values.ts';

/** Names under which people send what nobody should read; only a reference to a secret goes there. */
const secretive =
  /authorization|cookie|token|secret|password|passwd|api-?_?key|access-?_?key|signature/i;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

const address = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    try {
      const url = parseHttpUrl(text);
      if (url.search !== '' || url.hash !== '' || /[?#]/.test(text))
        context.addIssue({ code: 'custom', message: 'has a query or a fragment' });
    } catch (error) {
      if (!(error instanceof HeadgateError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  });

const named = (what: string) =>
  z
    .record(z.string().regex(headerName, 'is no name for this'), secretOrText)
    .superRefine((values, context) => {
      for (const [name, value] of Object.entries(values))
        if (typeof value === 'string' && secretive.test(name))
          context.addIssue({
            code: 'custom',
            path: [name],
            message: `looks like a credential: write {"secret": "<name>"} and give the ${what} among the credentials`,
          });
    });

const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('bearer') }),
  z.strictObject({ kind: z.literal('basic') }),
  z.strictObject({
    kind: z.literal('header'),
    name: z.string().regex(headerName, 'is no name of a header'),
    prefix: z.string().max(50).default(''),
  }),
  z.strictObject({ kind: z.literal('query'), name: z.string().min(1).max(100) }),
  z.strictObject({
    kind: z.literal('oauth'),
    grant: z.enum(['client_credentials', 'refresh_token']),
    tokenUrl: address,
    clientAuth: z.enum(['body', 'basic']).default('body'),
    scope: z.string().max(1_000).optional(),
  }),
]);

const limit = z.strictObject({
  requests: z.int().min(1).max(10_000),
  perSeconds: z.int().min(1).max(86_400),
});

export const restApiConfig = z
  .strictObject({
    baseUrl: address.meta({
      title: 'Base address',
      description: 'What every path is put behind, such as https://api.example.com/v2.',
    }),
    auth: auth.default({ kind: 'none' }).meta({
      title: 'Sign in',
      description:
        'kind none, bearer (token), basic (username, password), header (token, in the header "name" after "prefix"), query (token, in the parameter "name") or oauth (grant, tokenUrl, clientAuth, scope).',
    }),
    headers: named('header').default({}).meta({
      title: 'Headers',
      description: 'Sent with each request; a value is a text or {"secret": "<name>"}.',
    }),
    limit: limit.default({ requests: 5, perSeconds: 1 }).meta({
      title: 'Pace',
      description: 'No more than so many requests in so many seconds, over all runs.',
    }),
    errorMessage: z.string().max(200).optional().meta({
      title: 'Error message',
      description: 'Where an error’s own message stands in the answer, such as error.message.',
    }),
    streams: z.array(streamSettings).min(1).max(50).meta({
      title: 'Streams',
      description: 'Lists of records, each of which becomes a table.',
    }),
  })
  .superRefine(checkedSettings);
export type RestApiConfig = z.infer<typeof restApiConfig>;

const secret = (title: string, description: string, most: number) =>
  z.string().min(1).max(most).optional().meta({ title, description, secret: true });

export const restApiCredentials = z.strictObject({
  token: secret('Token', 'For the kinds bearer, header and query.', 10_000),
  username: z.string().min(1).max(500).optional().meta({
    title: 'User name',
    description: 'For the kind basic.',
  }),
  password: secret('Password', 'For the kind basic.', 10_000),
  clientId: z.string().min(1).max(1_000).optional().meta({
    title: 'Client id',
    description: 'For the kind oauth.',
  }),
  clientSecret: secret('Client secret', 'For the kind oauth.', 10_000),
  refreshToken: secret('Refresh token', 'For the kind oauth with the grant refresh_token.', 10_000),
  secrets: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]{1,50}$/, 'is no name of a secret'),
      z.string().max(10_000),
    )
    .optional()
    .meta({
      title: 'Secrets',
      description: 'What headers and parameters refer to, by name.',
      secret: true,
    }),
});
export type RestApiCredentials = z.infer<typeof restApiCredentials>;
