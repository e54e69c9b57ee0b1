import * as z from 'zod';

/** Salesforce's own hosts, and those of organisations with a domain of their own; nobody else is sent credentials. */
const loginPattern =
  /^https:\/\/(login|test|[a-z0-9][a-z0-9-]*(\.sandbox|\.develop|\.scratch|\.trailblaze)?\.my)\.salesforce\.com$/;

export const salesforceConfig = z.strictObject({
  loginUrl: z
    .string()
    .regex(
      loginPattern,
      'https://login.salesforce.com, https://test.salesforce.com or https://….my.salesforce.com',
    )
    .default('https://login.salesforce.com')
    .meta({
      title: 'Login address',
      description:
        'https://test.salesforce.com for a sandbox; your own https://….my.salesforce.com for client credentials.',
    }),
  apiVersion: z
    .string()
    .regex(/^\d{2,3}\.0$/, 'like 66.0')
    .default('66.0')
    .meta({
      title: 'API version',
      description: 'Version of the REST API, such as 66.0. Each is supported for three years.',
    }),
  quotaPercent: z.int().min(10).max(100).default(90).meta({
    title: 'Share of the daily requests',
    description:
      'When the organisation has used this share of its requests of the last 24 hours, Headgate waits and leaves the rest to others.',
  }),
});
export type SalesforceConfig = z.infer<typeof salesforceConfig>;

export const salesforceCredentials = z.strictObject({
  clientId: z.string().min(1).max(500).meta({
    title: 'Consumer key',
    description: 'Of the external client app that was made for Headgate.',
  }),
  clientSecret: z.string().min(1).max(500).optional().meta({
    title: 'Consumer secret',
    description: 'Of the external client app.',
    secret: true,
  }),
  refreshToken: z.string().min(1).max(2_000).optional().meta({
    title: 'Refresh token',
    description:
      'What Salesforce handed out when the app was connected, with the scopes api and refresh_token.',
    secret: true,
  }),
  username: z.string().min(1).max(200).optional().meta({
    title: 'User name',
    description: 'Of the integration user that the private key signs for.',
  }),
  privateKey: z
    .string()
    .regex(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'not a PEM private key')
    .optional()
    .meta({
      title: 'Private key',
      description: 'PEM key whose certificate was uploaded to the external client app.',
      secret: true,
    }),
});
export type SalesforceCredentials = z.infer<typeof salesforceCredentials>;
