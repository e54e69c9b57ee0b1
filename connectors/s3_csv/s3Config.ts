import * as z from 'zod';
import { remoteFilesConfig } from '../../shared/connectors/files/remoteFilesConfig.ts';

/** Source: Amazon S3 User Guide, "General purpose bucket naming rules". */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export const s3Config = remoteFilesConfig.extend({
  bucket: z.string().regex(bucketName, 'Not the name of a bucket.').meta({
    title: 'Bucket',
    description: 'Name of the bucket.',
  }),
  prefix: z.string().max(1024).default('').meta({
    title: 'Prefix',
    description: 'Only objects whose key begins with it are looked at, such as exports/2026/.',
  }),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$|^auto$/, 'Not a region.')
    .default('us-east-1')
    .meta({ title: 'Region', description: 'AWS region of the bucket, such as eu-central-1.' }),
  endpoint: z.url().max(500).optional().meta({
    title: 'Endpoint',
    description:
      'Address of a service that speaks S3 (MinIO, R2, Wasabi and others). Left out: Amazon S3.',
  }),
  requesterPays: z.boolean().default(false).meta({
    title: 'Requester pays',
    description: 'For buckets that make the reader pay for requests and transfer.',
  }),
});
export type S3Config = z.infer<typeof s3Config>;

export const s3Credentials = z
  .strictObject({
    accessKeyId: z.string().min(1).max(200).optional().meta({
      title: 'Access key id',
      description: 'Of an IAM user that may list the bucket and read its objects.',
    }),
    secretAccessKey: z.string().min(1).max(500).optional().meta({
      title: 'Secret access key',
      description: 'That belongs to the access key id.',
      secret: true,
    }),
    sessionToken: z.string().min(1).max(5_000).optional().meta({
      title: 'Session token',
      description: 'Only for temporary keys, which stop working when they expire.',
      secret: true,
    }),
    roleArn: z
      .string()
      .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/([\w+=,.@-]+\/)*headgate-source-[\w+=,.@-]+$/)
      .max(2048)
      .optional()
      .meta({
        title: 'Role',
        description:
          'ARN of a role that Headgate’s function for this connector may assume; its name begins with headgate-source-.',
      }),
    externalId: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/)
      .optional()
      .meta({
        title: 'External id',
        description: 'That the role’s trust policy asks for. Choose one nobody can guess.',
      }),
  })
  .refine(
    ({ accessKeyId, secretAccessKey, roleArn, externalId }) =>
      roleArn === undefined
        ? accessKeyId !== undefined && secretAccessKey !== undefined
        : externalId !== undefined && accessKeyId === undefined && secretAccessKey === undefined,
    'Give an access key with its secret, or a role with its external id.',
  );
export type S3Credentials = z.infer<typeof s3Credentials>;
