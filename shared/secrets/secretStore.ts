import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { badField } from '../api/fieldErrors.ts';
import type { Json } from '../json.ts';
import type { SecretRef } from '../sources/sourceItem.ts';

export type Credentials = Readonly<Record<string, Json>>;

/** Where credentials go in and never come out: the API has no permission to read them back. */
export interface SecretStore {
  /** Stores the credentials of one source as a secret of its own. */
  create(tenant: string, sourceId: string, credentials: Credentials): Promise<SecretRef>;
  /** Replaces what a source's own secret holds. */
  replace(ref: SecretRef, credentials: Credentials): Promise<void>;
  /** Removes a source's own secret; it can be restored by hand for a week. */
  remove(ref: SecretRef): Promise<void>;
}

const recoveryDays = 7;

/** `prefix` is `headgate/<stage>/`; the tenant and the source's id follow. */
export function secretsManagerStore(client: SecretsManagerClient, prefix: string): SecretStore {
  return {
    async create(tenant, sourceId, credentials) {
      const { ARN } = await client.send(
        new CreateSecretCommand({
          Name: `${prefix}${tenant}/${sourceId}`,
          Description: 'Credentials of a Headgate source',
          SecretString: JSON.stringify(credentials),
          Tags: [{ Key: 'headgate:tenant', Value: tenant }],
        }),
      );
      if (ARN === undefined) throw new Error('Secrets Manager answered no ARN');
      return { arn: ARN };
    },
    async replace(ref, credentials) {
      await client.send(
        new PutSecretValueCommand({
          SecretId: ref.arn,
          SecretString: JSON.stringify(credentials),
        }),
      );
    },
    async remove(ref) {
      try {
        await client.send(
          new DeleteSecretCommand({ SecretId: ref.arn, RecoveryWindowInDays: recoveryDays }),
        );
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}

/** Secrets Manager puts six random characters behind a secret's name. */
const secretArn =
  /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:([A-Za-z0-9/_+=.@-]+)-[A-Za-z0-9]{6}$/;

/** The name of a secret below the tenant's prefix; null when it lies elsewhere. */
export function secretNameOf(ref: SecretRef, prefix: string, tenant: string): string | null {
  const name = secretArn.exec(ref.arn)?.[1];
  const below = `${prefix}${tenant}/`;
  return name?.startsWith(below) === true && name.length > below.length
    ? name.slice(below.length)
    : null;
}

/** Throws `validation_failed` when a secret the caller named is not the tenant's. */
export function checkSecretRef(ref: SecretRef, prefix: string, tenant: string): void {
  if (secretNameOf(ref, prefix, tenant) === null)
    throw badField(['secretRef', 'arn'], `Must be the ARN of a secret below ${prefix}${tenant}/.`);
}

/** Whether a source's secret was made for it alone, and so goes and changes with it. */
export const isOwnSecret = (
  ref: SecretRef,
  prefix: string,
  tenant: string,
  sourceId: string,
): boolean => ref.jsonKey === undefined && secretNameOf(ref, prefix, tenant) === sourceId;
