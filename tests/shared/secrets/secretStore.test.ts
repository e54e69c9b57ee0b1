import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import 'aws-sdk-client-mock-vitest/extend';
import { beforeEach, expect, it } from 'vitest';
import {
  checkSecretRef,
  isOwnSecret,
  secretNameOf,
  secretsManagerStore,
} from '../../../shared/secrets/secretStore.ts';

const manager = mockClient(SecretsManagerClient);
beforeEach(() => manager.reset());
const prefix = 'headgate/dev/';
const store = secretsManagerStore(new SecretsManagerClient({ region: 'us-east-1' }), prefix);
const arn = (name: string): string =>
  `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AbCdEf`;

it('creates, replaces and removes with these commands and no others', async () => {
  manager.on(CreateSecretCommand).resolves({ ARN: arn('headgate/dev/acme/s1') });
  const ref = await store.create('acme', 's1', { password: 'p' });
  expect(ref).toEqual({ arn: arn('headgate/dev/acme/s1') });
  expect(manager).toHaveReceivedCommandExactlyOnceWith(CreateSecretCommand, {
    Name: 'headgate/dev/acme/s1',
    Description: 'Credentials of a Headgate source',
    SecretString: '{"password":"p"}',
    Tags: [{ Key: 'headgate:tenant', Value: 'acme' }],
  });
  await store.replace(ref, { password: 'q' });
  expect(manager).toHaveReceivedCommandExactlyOnceWith(PutSecretValueCommand, {
    SecretId: ref.arn,
    SecretString: '{"password":"q"}',
  });
  manager
    .on(DeleteSecretCommand)
    .rejects(new ResourceNotFoundException({ $metadata: {}, message: 'gone' }));
  await store.remove(ref);
  expect(manager).toHaveReceivedCommandExactlyOnceWith(DeleteSecretCommand, {
    SecretId: ref.arn,
    RecoveryWindowInDays: 7,
  });
});

it.each([
  ['of the tenant', arn('headgate/dev/acme/shared'), 'shared'],
  ['deeper', arn('headgate/dev/acme/team/shared'), 'team/shared'],
  ['of another tenant', arn('headgate/dev/other/shared'), null],
  ['of a tenant that begins the same', arn('headgate/dev/acme2/shared'), null],
  ['of another stage', arn('headgate/prod/acme/shared'), null],
  ['of somebody else', arn('billing/stripe'), null],
  ['without a name', arn('headgate/dev/acme/'), null],
  ['that is only a name', 'headgate/dev/acme/shared', null],
  ['of another service', 'arn:aws:ssm:us-east-1:000000000000:parameter/headgate/dev/acme/x', null],
  ['with something behind it', `${arn('headgate/dev/acme/shared')}\nx`, null],
])('knows a secret %s', (_, text, name) => {
  expect(secretNameOf({ arn: text }, prefix, 'acme')).toBe(name);
  const check = (): void => checkSecretRef({ arn: text }, prefix, 'acme');
  if (name === null) expect(check).toThrow('below headgate/dev/acme/');
  else expect(check).not.toThrow();
});

it('tells a source’s own secret from a shared one', () => {
  const own = { arn: arn('headgate/dev/acme/s1') };
  expect(isOwnSecret(own, prefix, 'acme', 's1')).toBe(true);
  expect(isOwnSecret(own, prefix, 'acme', 's2')).toBe(false);
  expect(isOwnSecret({ ...own, jsonKey: 's1' }, prefix, 'acme', 's1')).toBe(false);
});
