import * as z from 'zod';
import { remoteFilesConfig } from '../../shared/connectors/files/remoteFilesConfig.ts';

export const urlConfig = remoteFilesConfig.omit({ pattern: true }).extend({
  urls: z
    .array(z.url({ protocol: /^https?$/ }).max(2_000))
    .min(1)
    .max(100)
    .refine((urls) => new Set(urls).size === urls.length, 'An address is there twice.')
    .meta({
      title: 'Addresses',
      description:
        'https addresses of files; all become one table. Links of Google Drive, Google Sheets, Dropbox and GitHub are understood. Keep secrets out of them: use the credentials.',
    }),
});
export type UrlConfig = z.infer<typeof urlConfig>;

/** Headers that the connection itself makes, or that would change what is answered. */
const notHeaders =
  /^(host|connection|content-.*|transfer-encoding|range|if-.*|accept-encoding|proxy-.*)$/i;

export const urlCredentials = z
  .strictObject({
    username: z.string().min(1).max(500).optional().meta({
      title: 'User name',
      description: 'For servers that ask for a name and a password.',
    }),
    password: z.string().min(1).max(500).optional().meta({
      title: 'Password',
      description: 'Of that user.',
      secret: true,
    }),
    token: z.string().min(1).max(5_000).optional().meta({
      title: 'Token',
      description: 'Sent as Authorization: Bearer.',
      secret: true,
    }),
    headerName: z
      .string()
      .regex(/^[\w-]{1,100}$/)
      .refine((name) => !notHeaders.test(name), 'This header cannot be set.')
      .optional()
      .meta({
        title: 'Header',
        description: 'Name of a header that carries a key, such as X-Api-Key.',
      }),
    headerValue: z
      .string()
      .regex(/^[\x20-\x7e]{1,5000}$/)
      .optional()
      .meta({
        title: 'Header value',
        description: 'The key that the header carries.',
        secret: true,
      }),
  })
  .refine(
    ({ username, password, token, headerName, headerValue }) =>
      (username === undefined) === (password === undefined) &&
      (headerName === undefined) === (headerValue === undefined) &&
      [username, token, headerName].filter((each) => each !== undefined).length <= 1,
    'Give one of: user name and password, a token, a header with its value; or nothing.',
  );
export type UrlCredentials = z.infer<typeof urlCredentials>;

/** Headers that sign a request in. `fetch` leaves them out once a redirect leads to another origin. */
export function signInHeaders({
  username,
  password,
  token,
  headerName,
  headerValue,
}: UrlCredentials): Readonly<Record<string, string>> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (username !== undefined && password !== undefined)
    return {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    };
  return headerName !== undefined && headerValue !== undefined ? { [headerName]: headerValue } : {};
}
