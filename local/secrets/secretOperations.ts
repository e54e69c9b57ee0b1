import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import {
  createInput,
  deleteInput,
  getInput,
  listInput,
  putInput,
  secretId,
  stageInput,
  tags,
  updateInput,
} from './secretInputs.ts';
import type { Secret, SecretStore, SecretVersion } from './secretStore.ts';
import {
  addVersion,
  checkValue,
  findVersion,
  moveStage,
  type SecretValue,
} from './secretVersions.ts';

/** Every request is one transaction. */
export const operationsOf = (store: SecretStore): Record<string, Operation> => {
  /** Each request is one transaction. */
  const on = <Schema extends z.ZodType>(
    schema: Schema,
    run: (input: z.infer<Schema>) => unknown,
  ): Operation => operation(schema, (input) => inTransaction(store.database, () => run(input)));
  return {
    CreateSecret: on(createInput, (input) => create(store, input)),
    UpdateSecret: on(updateInput, (input) => update(store, input)),
    PutSecretValue: on(putInput, ({ SecretId, ClientRequestToken, VersionStages, ...rest }) => {
      const secret = store.getLive(SecretId);
      requireValue(rest);
      const version = addVersion(store, secret, rest, ClientRequestToken, VersionStages);
      store.save({ ...secret, changed: store.now });
      return { ...named(secret), VersionId: version.id, VersionStages: version.stages };
    }),
    GetSecretValue: on(getInput, (input) => getValue(store, input)),
    DescribeSecret: on(z.strictObject({ SecretId: secretId }), ({ SecretId }) =>
      describe(store, store.get(SecretId)),
    ),
    ListSecrets: on(listInput, (input) => list(store, input)),
    ListSecretVersionIds: on(
      z.strictObject({ SecretId: secretId, IncludeDeprecated: z.boolean().optional() }),
      ({ SecretId, IncludeDeprecated }) => {
        const secret = store.get(SecretId);
        const versions = store
          .versions(secret.name)
          .filter(({ stages }) => IncludeDeprecated === true || stages.length > 0);
        return { ...named(secret), Versions: versions.map(versionEntry) };
      },
    ),
    UpdateSecretVersionStage: on(stageInput, (input) => updateStage(store, input)),
    DeleteSecret: on(deleteInput, (input) => remove(store, input)),
    RestoreSecret: on(z.strictObject({ SecretId: secretId }), ({ SecretId }) => {
      const secret = store.get(SecretId);
      store.save({ ...secret, deleted: undefined, deletes: undefined });
      return named(secret);
    }),
    TagResource: on(z.strictObject({ SecretId: secretId, Tags: tags }), ({ SecretId, Tags }) => {
      const secret = store.getLive(SecretId);
      store.save({ ...secret, tags: { ...secret.tags, ...tagRecord(Tags) } });
    }),
    UntagResource: on(
      z.strictObject({ SecretId: secretId, TagKeys: z.array(z.string()) }),
      ({ SecretId, TagKeys }) => {
        const secret = store.getLive(SecretId);
        const kept = Object.entries(secret.tags).filter(([key]) => !TagKeys.includes(key));
        store.save({ ...secret, tags: Object.fromEntries(kept) });
      },
    ),
  };
};

const named = (secret: Secret): { ARN: string; Name: string } => ({
  ARN: secret.arn,
  Name: secret.name,
});
const tagRecord = (list: z.infer<typeof tags>): Record<string, string> =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
const hasValue = ({ SecretString, SecretBinary }: SecretValue): boolean =>
  SecretString !== undefined || SecretBinary !== undefined;

function requireValue(given: SecretValue): void {
  if (!hasValue(given))
    throw new AwsError(
      'InvalidRequestException',
      'You must provide either SecretString or SecretBinary.',
    );
  checkValue(given);
}

function create(store: SecretStore, input: z.infer<typeof createInput>): unknown {
  const { Name, ClientRequestToken, SecretString, SecretBinary } = input;
  const given: SecretValue = { SecretString, SecretBinary };
  checkValue(given);
  const existing = store.find(Name);
  if (existing?.deleted !== undefined)
    throw new AwsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  if (existing !== undefined) {
    const repeated = store.versions(existing.name).find(({ id }) => id === ClientRequestToken);
    if (repeated === undefined)
      throw new AwsError(
        'ResourceExistsException',
        `The operation failed because the secret ${Name} already exists.`,
      );
    const version = addVersion(store, existing, given, ClientRequestToken);
    return { ...named(existing), VersionId: version.id };
  }
  const secret: Secret = {
    name: Name,
    arn: store.newArn(Name),
    description: input.Description,
    kmsKeyId: input.KmsKeyId,
    tags: tagRecord(input.Tags ?? []),
    created: store.now,
    changed: store.now,
  };
  store.save(secret);
  if (!hasValue(given)) return named(secret);
  return {
    ...named(secret),
    VersionId: addVersion(store, secret, given, ClientRequestToken).id,
  };
}

function update(store: SecretStore, input: z.infer<typeof updateInput>): unknown {
  const { SecretId, ClientRequestToken, Description, KmsKeyId, ...given } = input;
  const secret = store.getLive(SecretId);
  checkValue(given);
  store.save({
    ...secret,
    description: Description ?? secret.description,
    kmsKeyId: KmsKeyId ?? secret.kmsKeyId,
    changed: store.now,
  });
  if (!hasValue(given)) return named(secret);
  return { ...named(secret), VersionId: addVersion(store, secret, given, ClientRequestToken).id };
}

function getValue(store: SecretStore, input: z.infer<typeof getInput>): unknown {
  const secret = store.getLive(input.SecretId);
  const version = findVersion(store, secret.name, {
    id: input.VersionId,
    stage: input.VersionStage,
  });
  const today = Math.floor(store.now / 86_400) * 86_400;
  // AWS tells the day of the last access, not its time; so one write a day is enough.
  if (secret.accessed !== today) store.save({ ...secret, accessed: today });
  return {
    ...named(secret),
    VersionId: version.id,
    VersionStages: version.stages,
    CreatedDate: version.created,
    ...(version.text === undefined ? {} : { SecretString: version.text }),
    ...(version.binary === undefined ? {} : { SecretBinary: version.binary }),
  };
}

const versionEntry = (version: SecretVersion): object => ({
  VersionId: version.id,
  VersionStages: version.stages,
  CreatedDate: version.created,
});

const entry = (secret: Secret): object => ({
  ...named(secret),
  ...(secret.description === undefined ? {} : { Description: secret.description }),
  ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
  Tags: Object.entries(secret.tags).map(([Key, Value]) => ({ Key, Value })),
  CreatedDate: secret.created,
  LastChangedDate: secret.changed,
  ...(secret.accessed === undefined ? {} : { LastAccessedDate: secret.accessed }),
  ...(secret.deleted === undefined ? {} : { DeletedDate: secret.deleted }),
});

const stagesOf = (store: SecretStore, secret: Secret): Record<string, readonly string[]> =>
  Object.fromEntries(
    store
      .versions(secret.name)
      .filter(({ stages }) => stages.length > 0)
      .map(({ id, stages }) => [id, stages]),
  );

const describe = (store: SecretStore, secret: Secret): object => ({
  ...entry(secret),
  VersionIdsToStages: stagesOf(store, secret),
});

function list(store: SecretStore, input: z.infer<typeof listInput>): unknown {
  const { MaxResults = 100, NextToken, IncludePlannedDeletion, Filters = [] } = input;
  const entries: object[] = [];
  let after = NextToken === undefined ? '' : Buffer.from(NextToken, 'base64url').toString();
  for (;;) {
    const names = store.names(after, MaxResults);
    for (const name of names) {
      if (entries.length === MaxResults)
        return { SecretList: entries, NextToken: Buffer.from(after).toString('base64url') };
      after = name;
      const secret = store.get(name);
      if (secret.deleted !== undefined && IncludePlannedDeletion !== true) continue;
      if (!Filters.every((filter) => passes(secret, filter))) continue;
      entries.push({ ...entry(secret), SecretVersionsToStages: stagesOf(store, secret) });
    }
    if (names.length < MaxResults) return { SecretList: entries };
  }
}

/** A filter's values are prefixes; one that starts with `!` must not match. */
function passes(
  secret: Secret,
  { Key, Values }: { readonly Key: string; readonly Values: readonly string[] },
): boolean {
  const fields: Record<string, readonly string[]> = {
    name: [secret.name],
    description: [secret.description ?? ''],
    'tag-key': Object.keys(secret.tags),
    'tag-value': Object.values(secret.tags),
  };
  const texts = Key === 'all' ? Object.values(fields).flat() : (fields[Key] ?? []);
  const fold = (text: string): string => (Key === 'name' ? text : text.toLowerCase());
  const starts = (prefix: string): boolean =>
    texts.some((text) => fold(text).startsWith(fold(prefix)));
  return Values.some((one) => (one.startsWith('!') ? !starts(one.slice(1)) : starts(one)));
}

function updateStage(store: SecretStore, input: z.infer<typeof stageInput>): unknown {
  const { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId } = input;
  const secret = store.getLive(SecretId);
  const holder = store.versions(secret.name).find(({ stages }) => stages.includes(VersionStage));
  if (MoveToVersionId !== undefined) findVersion(store, secret.name, { id: MoveToVersionId });
  if (holder !== undefined && holder.id !== RemoveFromVersionId && holder.id !== MoveToVersionId)
    throw new AwsError(
      'InvalidParameterException',
      `The parameter RemoveFromVersionId can't be empty or wrong. Staging label ${VersionStage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    );
  if (VersionStage === 'AWSCURRENT' && MoveToVersionId === undefined)
    throw new AwsError(
      'InvalidParameterException',
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    );
  moveStage(store, secret.name, VersionStage, MoveToVersionId);
  return named(secret);
}

const secondsPerDay = 86_400;

function remove(store: SecretStore, input: z.infer<typeof deleteInput>): unknown {
  const { SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery = false } = input;
  if (ForceDeleteWithoutRecovery && RecoveryWindowInDays !== undefined)
    throw new AwsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  const days = RecoveryWindowInDays ?? 30;
  if (days < 7 || days > 30)
    throw new AwsError(
      'InvalidParameterException',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    );
  const secret = store.find(SecretId);
  if (ForceDeleteWithoutRecovery) {
    // Succeeds for a secret that is not there, as AWS does, so that it can be repeated.
    if (secret !== undefined) store.remove(secret.name);
    const name = secret?.name ?? SecretId;
    return { ARN: secret?.arn ?? store.newArn(name), Name: name, DeletionDate: store.now };
  }
  const live = store.getLive(SecretId);
  const deletes = Math.floor(store.now) + days * secondsPerDay;
  store.save({ ...live, deleted: store.now, deletes });
  return { ...named(live), DeletionDate: deletes };
}
