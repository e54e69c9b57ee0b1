import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole } from './buildConsole.ts';
import { cdk, root, splitParameters, synthesise } from './cdk.ts';
import { fetchDuckdb } from './fetchDuckdb.ts';

/**
 * `npm run deploy -- [-c stage=dev] [-c name=value …] [parameters of cdk deploy …]`: bundles, synthesises, deploys all
 * stacks and says how to sign in.
 */
const { context, rest } = splitParameters(process.argv.slice(2));
const duckdb = fetchDuckdb(root);
const consoleFolder = join(root, 'node_modules/.cache/headgate/console');
await buildConsole(root, consoleFolder);
synthesise([...context, '-c', `duckdbFolder=${duckdb}`, '-c', `consoleFolder=${consoleFolder}`]);
const outputsFile = join(root, 'cdk.out/outputs.json');
const code = cdk('deploy', ['--all', '--outputs-file', outputsFile, ...rest]);
if (code === 0) {
  const outputs = Object.assign(
    {},
    ...Object.values(JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, object>),
  ) as Record<string, string>;
  const { ApiUrl: url, ConsoleUrl: console_, AdminTokenSecret: secret } = outputs;
  console.log(`
Headgate is deployed: ${url}
Its console: ${console_}
Sign in with its first admin token, which is read from the secret ${secret} with your AWS credentials:
  npm run -s headgate -- login --outputs cdk.out/outputs.json`);
}
process.exitCode = code;
