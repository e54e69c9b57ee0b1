import { randomUUID } from 'node:crypto';
import { AwsError } from '../protocol/awsError.ts';
import type { Secret, SecretStore, SecretVersion } from './secretStore.ts';

/** Versions without a stage are kept up to this many, as AWS does. */
const maxVersions = 100;

/** Secrets Manager's limit of a value. */
const maxValueBytes = 65_536;

export interface SecretValue {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

export function checkValue({ SecretString, SecretBinary }: SecretValue): void {
  if (SecretString !== undefined && SecretBinary !== undefined)
    throw new AwsError(
      'InvalidParameterException',
      'You can specify SecretString or SecretBinary, not both.',
    );
  const bytes =
    SecretString === undefined
      ? Buffer.byteLength(SecretBinary ?? '', 'base64')
      : Buffer.byteLength(SecretString);
  if (bytes > maxValueBytes)
    throw new AwsError('InvalidParameterException', 'A secret value is at most 65536 bytes long.');
}

const sameValue = (version: SecretVersion, value: SecretValue): boolean =>
  version.text === value.SecretString && version.binary === value.SecretBinary;

/**
 * Adds a version, or answers the one that an equal request with the same token added before.
 * Throws ResourceExistsException when the token belongs to another value.
 */
export function addVersion(
  store: SecretStore,
  secret: Secret,
  value: SecretValue,
  token: string | undefined,
  stages: readonly string[] = ['AWSCURRENT'],
): SecretVersion {
  const existing = store.versions(secret.name).find(({ id }) => id === token);
  if (existing !== undefined) {
    if (sameValue(existing, value)) return existing;
    throw new AwsError(
      'ResourceExistsException',
      `A resource with the ID you requested already exists: version ${token}`,
    );
  }
  const version: SecretVersion = {
    id: token ?? randomUUID(),
    text: value.SecretString,
    binary: value.SecretBinary,
    created: store.now,
    stages: [],
  };
  store.saveVersion(secret.name, version);
  for (const stage of stages) moveStage(store, secret.name, stage, version.id);
  if (store.versions(secret.name).every(({ stages: held }) => !held.includes('AWSCURRENT')))
    moveStage(store, secret.name, 'AWSCURRENT', version.id);
  const unstaged = store.versions(secret.name).filter(({ stages: held }) => held.length === 0);
  for (const { id } of unstaged.slice(maxVersions)) store.removeVersion(secret.name, id);
  return findVersion(store, secret.name, { id: version.id });
}

/** Takes a stage from whoever has it; the version that loses AWSCURRENT becomes AWSPREVIOUS. */
export function moveStage(
  store: SecretStore,
  name: string,
  stage: string,
  to: string | undefined,
): void {
  const versions = store.versions(name);
  const holder = versions.find(({ stages }) => stages.includes(stage));
  if (holder?.id === to) return;
  if (holder !== undefined)
    store.saveVersion(name, { ...holder, stages: holder.stages.filter((one) => one !== stage) });
  const next = versions.find(({ id }) => id === to);
  if (next !== undefined) store.saveVersion(name, { ...next, stages: [...next.stages, stage] });
  if (stage === 'AWSCURRENT' && holder !== undefined && next !== undefined) {
    moveStage(store, name, 'AWSPREVIOUS', holder.id);
    // A version that comes back is no longer its own predecessor.
    const back = findVersion(store, name, { id: next.id });
    if (back.stages.includes('AWSPREVIOUS'))
      store.saveVersion(name, {
        ...back,
        stages: back.stages.filter((one) => one !== 'AWSPREVIOUS'),
      });
  }
}

/** The version with an id, or with a stage (AWSCURRENT when neither is given). */
export function findVersion(
  store: SecretStore,
  name: string,
  wanted: { readonly id?: string | undefined; readonly stage?: string | undefined },
): SecretVersion {
  const stage = wanted.stage ?? (wanted.id === undefined ? 'AWSCURRENT' : undefined);
  const found = store
    .versions(name)
    .find(
      ({ id, stages }) =>
        (wanted.id === undefined || id === wanted.id) &&
        (stage === undefined || stages.includes(stage)),
    );
  if (found !== undefined) return found;
  throw new AwsError(
    'ResourceNotFoundException',
    wanted.id === undefined
      ? `Secrets Manager can't find the specified secret value for staging label: ${stage}`
      : `Secrets Manager can't find the specified secret value for VersionId: ${wanted.id}`,
  );
}
