import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSecrets } from '../../local/secrets/openSecrets.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { serveApi } from '../functions/api/serveApi.ts';
import { hostServices, localClientConfig } from '../local/hostServices.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
let secrets: Awaited<ReturnType<typeof hostServices>>;
let home: string;
let outputs: string;
const secret = 'headgate-admin/dev/token';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'headgate-login-'));
  api = await apiHarness();
  server = await serveApi(api);
  secrets = await hostServices(openSecrets({ folder: join(home, 'secrets') }));
  const client = new SecretsManagerClient({ ...localClientConfig, endpoint: secrets.endpoint });
  await client.send(new CreateSecretCommand({ Name: secret, SecretString: api.adminToken }));
  client.destroy();
  outputs = outputsNaming(secret);
});
afterAll(async () => {
  server.close();
  await secrets.close();
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

function outputsNaming(name: string): string {
  const path = join(home, `${name.replaceAll('/', '-')}.json`);
  const stacks = { data: { AdminTokenSecret: name }, api: { ApiUrl: server.url } };
  writeFileSync(path, JSON.stringify(stacks));
  return path;
}

const awsCredentials = { AWS_ACCESS_KEY_ID: 'headgate', AWS_SECRET_ACCESS_KEY: 'headgate' };

/** The program itself, with no environment but this. */
const headgate = (line: readonly string[], env: Readonly<Record<string, string>>) =>
  new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['cli/main.ts', ...line],
      {
        env: {
          HOME: home,
          AWS_REGION: 'us-east-1',
          AWS_EC2_METADATA_DISABLED: 'true',
          AWS_ENDPOINT_URL: secrets.endpoint,
          AWS_MAX_ATTEMPTS: '1',
          ...env,
        },
      },
      (_, out, err) => resolve({ code: child.exitCode, out, err }),
    );
  });
const oneLine = /^headgate: [^\n]+\n$/;

it('signs in with nothing but the outputs and the AWS credentials of the user', async () => {
  const done = await headgate(['login', '--outputs', outputs], awsCredentials);
  expect(done).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('admin of default'),
  });
  const kept = readFileSync(join(home, '.config/headgate/login.json'), 'utf8');
  expect(JSON.parse(kept)).toMatchObject({ url: server.url, token: api.adminToken });
  expect(done.out).not.toContain(api.adminToken);
});

it('says in one line that there are no AWS credentials, and how to go without', async () => {
  const { code, out, err } = await headgate(['login', '--outputs', outputs], {});
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toMatch(oneLine);
  expect(err).toContain(`The secret ${secret} cannot be read: no AWS credentials`);
  expect(err).toContain('--token');
});

it('says in one line that AWS refuses, knows no such secret, or does not answer', async () => {
  const refused = await headgate(['login', '--outputs', outputs], {
    ...awsCredentials,
    AWS_ACCESS_KEY_ID: 'stranger',
  });
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(oneLine) });
  expect(refused.err).toContain('AWS refused');
  const unknown = await headgate(['login', '--outputs', outputsNaming('other')], awsCredentials);
  expect(unknown).toMatchObject({ code: 4, err: expect.stringMatching(oneLine) });
  expect(unknown.err).toContain('not in the account and region');
  const silent = await headgate(['login', '--outputs', outputs], {
    ...awsCredentials,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  });
  expect(silent).toMatchObject({ code: 7, err: expect.stringMatching(oneLine) });
  for (const { err } of [refused, unknown, silent]) expect(err).toContain('--token');
});

it('asks AWS for nothing when a token is given', async () => {
  const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
  const login = ['login', '--outputs', outputs];
  expect((await headgate([...login, '--token', api.adminToken], env)).code).toBe(0);
  expect((await headgate(login, { ...env, HEADGATE_TOKEN: api.adminToken })).code).toBe(0);
});
