import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * The CDK CLI that goes with aws-cdk-lib of package.json. Pinned: the registry's `latest` is a version published
 * by mistake, which cannot read our assemblies.
 */
const cdkCli = 'aws-cdk@2.1148.1';
export const root = join(import.meta.dirname, '..');

/** Runs the CDK CLI on the synthesised application; needs the network and AWS credentials. Answers its exit code. */
export const cdk = (command: string, parameters: readonly string[]): number =>
  run('npx', ['--yes', cdkCli, command, '--app', 'cdk.out', ...parameters]);

/** Writes `cdk.out`; exits like the synthesis when it fails. */
export function synthesise(parameters: readonly string[]): void {
  const code = run(process.execPath, ['infra/app.ts', ...parameters]);
  if (code !== 0) process.exit(code);
}

function run(command: string, parameters: readonly string[]): number {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Splits `-c name=value …` (for the synthesis) from everything else (for the CDK CLI). */
export function splitParameters(given: readonly string[]): {
  readonly context: readonly string[];
  readonly rest: readonly string[];
} {
  const context: string[] = [];
  const rest: string[] = [];
  for (let index = 0; index < given.length; index++) {
    const parameter = given[index] ?? '';
    if (parameter === '-c' || parameter === '--context') {
      context.push('-c', given[index + 1] ?? '');
      index += 1;
    } else rest.push(parameter);
  }
  return { context, rest };
}
