import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';

/** The Secrets Manager Headgate relies on. The same promises hold for any endpoint. */
export function describeSecrets(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  describeConformance(name, connect, differs, (promise, endpoint) => {
    const client = () =>
      new SecretsManagerClient({ ...localClientConfig, endpoint: endpoint(), maxAttempts: 1 });
    const create = async (
      SecretString: string | undefined,
      more: Partial<CreateSecretCommandInput> = {},
    ) => {
      const Name = uniqueName('headgate/dev/acme/source');
      const created = await client().send(
        new CreateSecretCommand({ Name, ...(SecretString && { SecretString }), ...more }),
      );
      return { ...created, SecretId: Name };
    };
    const readValue = async (SecretId: string, more: object = {}) =>
      (await client().send(new GetSecretValueCommand({ SecretId, ...more }))).SecretString;
    const put = (SecretId: string, SecretString: string, ClientRequestToken = randomUUID()) =>
      client().send(new PutSecretValueCommand({ SecretId, SecretString, ClientRequestToken }));

    promise('gives back what was put, by name and by ARN', async () => {
      const { ARN, SecretId, VersionId } = await create('{"password":"p🔑"}');
      expect(ARN).toMatch(
        new RegExp(`^arn:aws:secretsmanager:us-east-1:\\d{12}:secret:${SecretId}-[A-Za-z0-9]{6}$`),
      );
      const byArn = await client().send(new GetSecretValueCommand({ SecretId: ARN }));
      expect(byArn).toMatchObject({
        ARN,
        Name: SecretId,
        VersionId,
        SecretString: '{"password":"p🔑"}',
        VersionStages: ['AWSCURRENT'],
      });
      expect(byArn.CreatedDate).toBeInstanceOf(Date);
      expect(await readValue(SecretId)).toBe('{"password":"p🔑"}');
    });

    promise('keeps bytes as bytes', async () => {
      const SecretBinary = new Uint8Array([0, 255, 7]);
      const { SecretId } = await create(undefined, { SecretBinary });
      const answer = await client().send(new GetSecretValueCommand({ SecretId }));
      expect(answer.SecretBinary && [...answer.SecretBinary]).toEqual([0, 255, 7]);
      expect(answer.SecretString).toBeUndefined();
    });

    promise('makes each put the current version and keeps the previous one', async () => {
      const { SecretId } = await create('one');
      const second = await put(SecretId, 'two');
      expect(second.VersionStages).toEqual(['AWSCURRENT']);
      await put(SecretId, 'three');
      expect(await readValue(SecretId)).toBe('three');
      expect(await readValue(SecretId, { VersionStage: 'AWSPREVIOUS' })).toBe('two');
      expect(await readValue(SecretId, { VersionId: second.VersionId })).toBe('two');
    });

    promise('takes a repeated put with one token as one', async () => {
      const { SecretId } = await create('one');
      const token = randomUUID();
      const first = await put(SecretId, 'two', token);
      await put(SecretId, 'three');
      const repeated = await put(SecretId, 'two', token);
      expect(repeated.VersionId).toBe(first.VersionId);
      expect(first.VersionId).toBe(token);
      expect(await readValue(SecretId)).toBe('three');
    });

    promise('refuses another value under a token that was used', async () => {
      const { SecretId } = await create('one');
      const token = randomUUID();
      await put(SecretId, 'two', token);
      expect((await failureOf(put(SecretId, 'other', token))).name).toBe('ResourceExistsException');
    });

    promise('takes a repeated create with one token as one, and refuses another', async () => {
      const Name = uniqueName('once');
      const input = { Name, SecretString: 'x', ClientRequestToken: randomUUID() };
      const first = await client().send(new CreateSecretCommand(input));
      const again = await client().send(new CreateSecretCommand(input));
      expect(again.ARN).toBe(first.ARN);
      const other = new CreateSecretCommand({ ...input, ClientRequestToken: randomUUID() });
      expect((await failureOf(client().send(other))).name).toBe('ResourceExistsException');
    });

    promise('stages a value without making it current, and moves stages', async () => {
      const { SecretId, VersionId } = await create('one');
      const pending = await client().send(
        new PutSecretValueCommand({
          SecretId,
          SecretString: 'next',
          ClientRequestToken: randomUUID(),
          VersionStages: ['AWSPENDING'],
        }),
      );
      expect(await readValue(SecretId)).toBe('one');
      expect(await readValue(SecretId, { VersionStage: 'AWSPENDING' })).toBe('next');
      await client().send(
        new UpdateSecretVersionStageCommand({
          SecretId,
          VersionStage: 'AWSCURRENT',
          RemoveFromVersionId: VersionId,
          MoveToVersionId: pending.VersionId,
        }),
      );
      expect(await readValue(SecretId)).toBe('next');
      expect(await readValue(SecretId, { VersionStage: 'AWSPREVIOUS' })).toBe('one');
    });

    promise('updates value and description together', async () => {
      const { SecretId } = await create('one');
      await client().send(
        new UpdateSecretCommand({ SecretId, SecretString: 'two', Description: 'of the source' }),
      );
      expect(await readValue(SecretId)).toBe('two');
      const described = await client().send(new DescribeSecretCommand({ SecretId }));
      expect(described.Description).toBe('of the source');
    });

    promise('describes a secret without its value', async () => {
      const { SecretId, VersionId, ARN } = await create('hidden-value', {
        Description: 'd',
        Tags: [{ Key: 'tenant', Value: 'acme' }],
      });
      const { $metadata: _metadata, ...described } = await client().send(
        new DescribeSecretCommand({ SecretId }),
      );
      expect(described).toMatchObject({
        ARN,
        Name: SecretId,
        Description: 'd',
        Tags: [{ Key: 'tenant', Value: 'acme' }],
        VersionIdsToStages: { [VersionId ?? '']: ['AWSCURRENT'] },
      });
      expect(JSON.stringify(described)).not.toContain('hidden-value');
    });

    promise('lists versions that have a stage', async () => {
      const { SecretId, VersionId } = await create('one');
      const second = await put(SecretId, 'two');
      const { Versions } = await client().send(new ListSecretVersionIdsCommand({ SecretId }));
      const stages = Object.fromEntries(
        (Versions ?? []).map((version) => [version.VersionId, version.VersionStages]),
      );
      expect(stages).toEqual({
        [VersionId ?? '']: ['AWSPREVIOUS'],
        [second.VersionId ?? '']: ['AWSCURRENT'],
      });
    });

    promise('lists secrets by name prefix, in pages', async () => {
      const prefix = uniqueName('listed');
      for (const n of [1, 2, 3])
        await client().send(new CreateSecretCommand({ Name: `${prefix}/${n}`, SecretString: 'x' }));
      const names: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client().send(
          new ListSecretsCommand({
            MaxResults: 2,
            Filters: [{ Key: 'name', Values: [prefix] }],
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
        );
        expect(page.SecretList?.length).toBeLessThanOrEqual(2);
        names.push(...(page.SecretList ?? []).map(({ Name }) => Name));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      expect(names.toSorted()).toEqual([1, 2, 3].map((n) => `${prefix}/${n}`));
    });

    promise('tags and untags', async () => {
      const { SecretId } = await create('x');
      const Tags = ['a', 'b'].map((Key) => ({ Key, Value: '1' }));
      await client().send(new TagResourceCommand({ SecretId, Tags }));
      await client().send(new UntagResourceCommand({ SecretId, TagKeys: ['a'] }));
      const described = await client().send(new DescribeSecretCommand({ SecretId }));
      expect(described.Tags).toEqual([{ Key: 'b', Value: '1' }]);
    });

    promise('keeps a deleted secret for its recovery window, closed', async () => {
      const { SecretId } = await create('x');
      const deleted = await client().send(
        new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }),
      );
      const days = ((deleted.DeletionDate?.getTime() ?? 0) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(6.9);
      expect(days).toBeLessThan(7.1);
      expect((await failureOf(readValue(SecretId))).name).toBe('InvalidRequestException');
      expect((await failureOf(put(SecretId, 'y'))).name).toBe('InvalidRequestException');
      const create_ = new CreateSecretCommand({ Name: SecretId, SecretString: 'y' });
      expect((await failureOf(client().send(create_))).name).toBe('InvalidRequestException');
      const described = await client().send(new DescribeSecretCommand({ SecretId }));
      expect(described.DeletedDate).toBeInstanceOf(Date);
    });

    promise('lists a deleted secret only when asked to', async () => {
      const { SecretId } = await create('x');
      await client().send(new DeleteSecretCommand({ SecretId }));
      const list = async (IncludePlannedDeletion: boolean) =>
        (
          await client().send(
            new ListSecretsCommand({
              IncludePlannedDeletion,
              Filters: [{ Key: 'name', Values: [SecretId] }],
            }),
          )
        ).SecretList?.length;
      expect(await list(false)).toBe(0);
      expect(await list(true)).toBe(1);
    });

    promise('restores a deleted secret with its value', async () => {
      const { SecretId } = await create('x');
      await client().send(new DeleteSecretCommand({ SecretId }));
      await client().send(new RestoreSecretCommand({ SecretId }));
      expect(await readValue(SecretId)).toBe('x');
    });

    promise('deletes for good when forced, so that the name is free', async () => {
      const { SecretId } = await create('x');
      const force = { SecretId, ForceDeleteWithoutRecovery: true };
      await client().send(new DeleteSecretCommand(force));
      expect((await failureOf(readValue(SecretId))).name).toBe('ResourceNotFoundException');
      await client().send(new CreateSecretCommand({ Name: SecretId, SecretString: 'new' }));
      expect(await readValue(SecretId)).toBe('new');
    });

    promise('refuses a recovery window together with force, or out of 7 to 30 days', async () => {
      const { SecretId } = await create('x');
      for (const bad of [
        { ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 },
        { RecoveryWindowInDays: 6 },
        { RecoveryWindowInDays: 31 },
      ])
        expect(
          (await failureOf(client().send(new DeleteSecretCommand({ SecretId, ...bad })))).name,
        ).toMatch(/^Invalid(Parameter|Request)Exception$/);
    });

    promise('answers what is not there with ResourceNotFoundException', async () => {
      const SecretId = uniqueName('missing');
      for (const call of [
        () => readValue(SecretId),
        () => put(SecretId, 'x'),
        () => client().send(new DescribeSecretCommand({ SecretId })),
        () => client().send(new DeleteSecretCommand({ SecretId })),
      ])
        expect((await failureOf(call())).name).toBe('ResourceNotFoundException');
      const { SecretId: empty } = await create(undefined);
      expect((await failureOf(readValue(empty))).name).toBe('ResourceNotFoundException');
      const { SecretId: one } = await create('x');
      expect((await failureOf(readValue(one, { VersionStage: 'AWSPREVIOUS' }))).name).toBe(
        'ResourceNotFoundException',
      );
    });

    promise('refuses a value above 64 KB', async () => {
      const { SecretId } = await create('x'.repeat(65_536));
      expect((await failureOf(put(SecretId, 'x'.repeat(65_537)))).name).toMatch(
        /^(InvalidParameter|Validation|InvalidRequest)Exception$/,
      );
    });
  });
}
