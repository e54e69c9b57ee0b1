import * as z from 'zod';

/** What the operations take. Anything else is refused. */
export const secretId = z.string().min(1).max(2048);
const token = z.string().min(1).max(64).optional();
export const tags = z.array(z.strictObject({ Key: z.string().min(1), Value: z.string() }));
const value = { SecretString: z.string().optional(), SecretBinary: z.string().optional() };
const paging = { MaxResults: z.int().min(1).max(100).optional(), NextToken: z.string().optional() };

export const createInput = z.strictObject({
  Name: z.string().regex(/^[\w/+=.@-]{1,512}$/),
  ClientRequestToken: token,
  Description: z.string().max(2048).optional(),
  KmsKeyId: z.string().optional(),
  ...value,
  Tags: tags.optional(),
});
export const updateInput = z.strictObject({
  SecretId: secretId,
  ClientRequestToken: token,
  Description: z.string().max(2048).optional(),
  KmsKeyId: z.string().optional(),
  ...value,
});
export const putInput = z.strictObject({
  SecretId: secretId,
  ClientRequestToken: token,
  ...value,
  VersionStages: z.array(z.string().min(1).max(256)).min(1).max(20).optional(),
});
export const getInput = z.strictObject({
  SecretId: secretId,
  VersionId: z.string().optional(),
  VersionStage: z.string().optional(),
});
export const deleteInput = z.strictObject({
  SecretId: secretId,
  RecoveryWindowInDays: z.int().optional(),
  ForceDeleteWithoutRecovery: z.boolean().optional(),
});
export const listInput = z.strictObject({
  ...paging,
  IncludePlannedDeletion: z.boolean().optional(),
  SortOrder: z.literal('asc').optional(),
  Filters: z
    .array(
      z.strictObject({
        Key: z.enum(['name', 'description', 'tag-key', 'tag-value', 'all']),
        Values: z.array(z.string()),
      }),
    )
    .optional(),
});
export const stageInput = z.strictObject({
  SecretId: secretId,
  VersionStage: z.string(),
  RemoveFromVersionId: z.string().optional(),
  MoveToVersionId: z.string().optional(),
});
