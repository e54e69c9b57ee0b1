import * as z from 'zod';
import { remoteFilesConfig } from '../../shared/connectors/files/remoteFilesConfig.ts';
import { serviceAccount } from '../../shared/connectors/files/serviceAccount.ts';

export const gcsConfig = remoteFilesConfig.extend({
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, 'Not the name of a bucket.')
    .meta({ title: 'Bucket', description: 'Name of the bucket.' }),
  prefix: z.string().max(1024).default('').meta({
    title: 'Prefix',
    description: 'Only objects whose name begins with it are looked at, such as exports/2026/.',
  }),
  userProject: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'Not the id of a project.')
    .optional()
    .meta({
      title: 'Project that pays',
      description: 'For buckets that make the reader pay: the project that is billed.',
    }),
});
export type GcsConfig = z.infer<typeof gcsConfig>;

export const gcsCredentials = z.strictObject({ serviceAccount });
export type GcsCredentials = z.infer<typeof gcsCredentials>;
