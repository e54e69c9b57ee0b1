import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, it, onTestFinished } from 'vitest';
import { openSecrets } from '../../../local/secrets/openSecrets.ts';
import { failureOf } from '../failureOf.ts';
import { hostServices, localClientConfig } from '../hostServices.ts';
import { temporaryFolder } from '../temporaryFolder.ts';

async function open(folder: string, now = Date.now) {
  const host = await hostServices(openSecrets({ folder, now }));
  let isOpen = true;
  const close = async () => {
    if (isOpen) await host.close();
    isOpen = false;
  };
  onTestFinished(close);
  return {
    client: new SecretsManagerClient({ ...localClientConfig, endpoint: host.endpoint }),
    close,
  };
}

it('lets nobody but the owner read its files', async () => {
  const folder = temporaryFolder();
  const { client } = await open(folder);
  await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x' }));
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
});

it('keeps secrets across a restart', async () => {
  const folder = temporaryFolder();
  const first = await open(folder);
  await first.client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'kept' }));
  await first.close();
  const { client } = await open(folder);
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: 'a' }));
  expect(SecretString).toBe('kept');
});

it('forgets a deleted secret when its recovery window is over', async () => {
  let now = Date.now();
  const { client } = await open(temporaryFolder(), () => now);
  await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x' }));
  await client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 7 }));
  const get = () => failureOf(client.send(new GetSecretValueCommand({ SecretId: 'a' })));
  now += 6.9 * 86_400_000;
  expect((await get()).name).toBe('InvalidRequestException');
  now += 0.2 * 86_400_000;
  expect((await get()).name).toBe('ResourceNotFoundException');
});

it('finds a secret by its ARN without the random ending', async () => {
  const { client } = await open(temporaryFolder());
  const { ARN = '' } = await client.send(
    new CreateSecretCommand({ Name: 'a/b', SecretString: 'x' }),
  );
  const { Name } = await client.send(new GetSecretValueCommand({ SecretId: ARN.slice(0, -7) }));
  expect(Name).toBe('a/b');
});

it('names the operation it does not have', async () => {
  const { client } = await open(temporaryFolder());
  const error = await failureOf(client.send(new RotateSecretCommand({ SecretId: 'a' })));
  expect(error.name).toBe('UnknownOperationException');
});
