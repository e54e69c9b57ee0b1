import * as z from 'zod';

/** https://learn.microsoft.com/graph/deployments */
const graphUrls = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
] as const;
const loginUrls = [
  'https://login.microsoftonline.com',
  'https://login.microsoftonline.us',
  'https://login.partner.microsoftonline.cn',
] as const;

export const microsoftConfig = z.strictObject({
  mailbox: z
    .string()
    .max(300)
    .regex(
      /^([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
      'a user principal name, such as ada@example.com, or an object id',
    )
    .meta({
      title: 'Mailbox',
      description:
        'User principal name or object id of the mailbox whose contacts are read. With a refresh token: of the person who agreed.',
    }),
  graphUrl: z.enum(graphUrls).default('https://graph.microsoft.com').meta({
    title: 'Microsoft Graph',
    description: 'Another than the default only for tenants in a national cloud.',
  }),
  loginUrl: z.enum(loginUrls).default('https://login.microsoftonline.com').meta({
    title: 'Sign-in service',
    description: 'Another than the default only for tenants in a national cloud.',
  }),
});
export type MicrosoftConfig = z.infer<typeof microsoftConfig>;

export const microsoftCredentials = z.strictObject({
  tenantId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,200}$/, 'an id, a domain, or common, organizations or consumers')
    .meta({
      title: 'Tenant',
      description:
        'Directory (tenant) id or domain; common, organizations or consumers for an app of several tenants.',
    }),
  clientId: z.string().min(1).max(200).meta({
    title: 'Client id',
    description: 'Application (client) id of the app registration.',
  }),
  clientSecret: z.string().min(1).max(500).meta({
    title: 'Client secret',
    description: 'Value of a client secret of the app registration.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(10_000).optional().meta({
    title: 'Refresh token',
    description:
      'What Microsoft handed out when the mailbox’s owner agreed to the scopes offline_access and Contacts.Read. Left out: the app signs in by itself, with the application permission Contacts.Read.',
    secret: true,
  }),
});
export type MicrosoftCredentials = z.infer<typeof microsoftCredentials>;
