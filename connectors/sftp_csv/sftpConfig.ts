import * as z from 'zod';
import { remoteFilesConfig } from '../../shared/connectors/files/remoteFilesConfig.ts';

export const sftpConfig = remoteFilesConfig.extend({
  host: z
    .string()
    .min(1)
    .max(253)
    .meta({ title: 'Host', description: 'Name or address of the server.' }),
  port: z.int().min(1).max(65_535).default(22).meta({ title: 'Port', description: 'Usually 22.' }),
  hostKeyFingerprint: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'Not a fingerprint such as SHA256:… with 43 characters.')
    .meta({
      title: 'Host key fingerprint',
      description:
        'SHA256:… of the server’s key, from its operator or from ssh-keygen -lf. Without it nobody could tell the server from another one in between.',
    }),
  path: z
    .string()
    .min(1)
    .max(1_000)
    .refine((path) => !path.includes('\0'), 'Not a path.')
    .default('.')
    .meta({
      title: 'Folder',
      description: 'Looked through with all folders below it. Left out: where the user arrives.',
    }),
  settleSeconds: z.int().min(0).max(86_400).default(60).meta({
    title: 'Settling time',
    description:
      'Files that were written to in the last so many seconds may not be whole yet and wait for the next run.',
  }),
  oldAlgorithms: z.boolean().default(false).meta({
    title: 'Old algorithms',
    description: 'Also take ciphers and key exchanges that are no longer considered safe.',
  }),
});
export type SftpConfig = z.infer<typeof sftpConfig>;

export const sftpCredentials = z
  .strictObject({
    username: z.string().min(1).max(255).meta({
      title: 'User name',
      description: 'Who signs in.',
    }),
    password: z.string().min(1).max(1_000).optional().meta({
      title: 'Password',
      description: 'Of the user, where there is no key.',
      secret: true,
    }),
    privateKey: z.string().min(1).max(20_000).optional().meta({
      title: 'Private key',
      description: 'In the form that OpenSSH writes, or PEM.',
      secret: true,
    }),
    passphrase: z.string().min(1).max(1_000).optional().meta({
      title: 'Passphrase',
      description: 'Of the private key, where it has one.',
      secret: true,
    }),
  })
  .refine(
    ({ password, privateKey }) => (password === undefined) !== (privateKey === undefined),
    'Give a password or a private key.',
  );
export type SftpCredentials = z.infer<typeof sftpCredentials>;
