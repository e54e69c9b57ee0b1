import { defineRestConnector } from '../shared/connectors/rest/defineRestConnector.ts';
import type { RestClient } from '../shared/connectors/rest/restClient.ts';
import type { RestStreams } from '../shared/connectors/rest/restSpec.ts';
import type { RestStream } from '../shared/connectors/rest/restStream.ts';
import { contactColumns } from './microsoft_contacts/contactColumns.ts';
import { contactFolders, headers } from './microsoft_contacts/contactFolders.ts';
import {
  type MicrosoftConfig,
  type MicrosoftCredentials,
  microsoftConfig,
  microsoftCredentials,
} from './microsoft_contacts/microsoftConfig.ts';

/**
 * Contacts of one folder by delta query: all of them, then what changed since the address that the last page gave.
 * https://learn.microsoft.com/graph/api/contact-delta
 */
const contactsBelow = (path: string): RestStream<MicrosoftConfig, MicrosoftCredentials> => ({
  primaryKey: ['id'],
  columns: contactColumns,
  others: 'other_fields',
  captures: 'changes',
  deletes: 'tombstone',
  repeats: true,
  notes: [
    'A contact that is moved to another folder is marked as deleted here and appears there.',
    'Microsoft forgets a delta token after some time or a move of the mailbox: all contacts are then read again.',
  ],
  // A reason stands in it; either way the contact is not in this folder any more.
  gone: { at: '@removed' },
  pages: {
    path: ['/v1.0/users/', { config: 'mailbox' }, `${path}/contacts/delta`],
    headers,
    records: 'value',
    paging: { kind: 'nextUrl', next: '@odata\\.nextLink' },
    size: { records: 100 },
  },
  changes: { kind: 'token', next: '@odata\\.deltaLink', to: 'address' },
});

/** The default folder is `contacts`, each other one is called like its folder. */
async function streamsOf(
  client: RestClient<MicrosoftConfig, MicrosoftCredentials>,
): Promise<RestStreams<MicrosoftConfig, MicrosoftCredentials>> {
  const streams = new Map([['contacts', contactsBelow('')]]);
  // By id, so that of two folders of one name each keeps its own.
  const folders = [...(await contactFolders(client))].sort((left, right) =>
    left.id < right.id ? -1 : 1,
  );
  for (const { id, name } of folders) {
    const plain = `contacts ${name}`;
    const stream = streams.has(plain) ? `${plain} ${id}` : plain;
    streams.set(stream, contactsBelow(`/contactFolders/${encodeURIComponent(id)}`));
  }
  return Object.fromEntries(streams);
}

const oauth = {
  kind: 'oauth',
  tokenUrl: [{ config: 'loginUrl' }, '/', { credential: 'tenantId' }, '/oauth2/v2.0/token'],
  clientAuth: 'body',
  clientId: 'clientId',
  clientSecret: 'clientSecret',
  lifetimeSeconds: 3600,
} as const;

export default defineRestConnector<MicrosoftConfig, MicrosoftCredentials>({
  name: 'microsoft_contacts',
  title: 'Microsoft contacts',
  description: 'Outlook contacts of one Microsoft 365 or Outlook.com mailbox, a stream per folder.',
  docs: 'https://learn.microsoft.com/graph/api/resources/contact',
  labels: ['saas'],
  authMethods: [
    {
      name: 'oauth2',
      title: 'OAuth, as a person',
      fields: ['tenantId', 'clientId', 'clientSecret', 'refreshToken'],
    },
    {
      name: 'oauth2',
      title: 'OAuth, as the app itself',
      fields: ['tenantId', 'clientId', 'clientSecret'],
    },
  ],
  config: microsoftConfig,
  credentials: microsoftCredentials,
  baseUrl: { config: 'graphUrl' },
  // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
  connect: {
    authorizeUrl: [
      { config: 'loginUrl' },
      '/',
      { credential: 'tenantId' },
      '/oauth2/v2.0/authorize',
    ],
    scope: ['offline_access ', { config: 'graphUrl' }, '/Contacts.Read'],
    pkce: true,
  },
  auth: [
    {
      ...oauth,
      grant: 'refresh_token',
      refreshToken: 'refreshToken',
      scope: ['offline_access ', { config: 'graphUrl' }, '/Contacts.Read'],
    },
    {
      ...oauth,
      grant: 'client_credentials',
      scope: [{ config: 'graphUrl' }, '/.default'],
    },
  ],
  // 10,000 requests in ten minutes, of an app and a mailbox. https://learn.microsoft.com/graph/throttling-limits
  limits: [{ name: 'requests', requests: 150, perSeconds: 10 }],
  checks: [
    {
      path: ['/v1.0/users/', { config: 'mailbox' }, '/contacts'],
      query: { $top: '1', $select: 'id' },
      headers,
      what: 'contacts',
    },
  ],
  errorMessage: 'error.message',
  errors: [
    {
      status: [410],
      code: 'cursor_expired',
      advice: 'Microsoft no longer knows what changed since the last run. Start a full refresh.',
    },
    {
      at: 'error.code',
      is: ['syncStateNotFound', 'SyncStateNotFound', 'resyncRequired', 'ResyncRequired'],
      code: 'cursor_expired',
      advice: 'Microsoft no longer knows what changed since the last run. Start a full refresh.',
    },
    {
      at: 'error.code',
      is: [
        'MailboxNotEnabledForRESTAPI',
        'ResourceNotFound',
        'ErrorInvalidUser',
        'Request_ResourceNotFound',
      ],
      code: 'source_not_found',
      advice: 'Enter the user principal name of a user with a mailbox in Exchange Online.',
    },
    {
      status: [401],
      code: 'invalid_credentials',
      advice: 'Connect again.',
    },
    {
      status: [403],
      code: 'source_forbidden',
      advice:
        'Agree to the scope Contacts.Read; an app that signs in by itself needs the application permission Contacts.Read, with consent of an administrator.',
    },
  ],
  streams: { ask: streamsOf, incremental: true, dateRanges: false },
});
