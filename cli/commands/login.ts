import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { createClient } from '../../client/createClient.ts';
import { exitCodes } from '../exitCodes.ts';
import { readAdminToken } from '../readAdminToken.ts';
import type { CommonOptions } from '../session.ts';
import { printJson } from '../session.ts';
import { checkUrl, writeLogin } from '../settings.ts';
import { CliError, type Terminal } from '../terminal.ts';

interface LoginOptions extends CommonOptions {
  readonly outputs?: string;
  readonly tokenStdin?: boolean;
}

interface Outputs {
  readonly url: string;
  /** Name of the secret that is the first admin token. */
  readonly secret: string | null;
}

const defaultUrl = 'http://127.0.0.1:8787';

export function addLogin(program: Command, terminal: Terminal): void {
  program
    .command('login')
    .argument('[url]', `address of the API; left out: from --outputs, else ${defaultUrl}`)
    .description('keep address and token for the other commands')
    .option('--outputs <file>', 'outputs of `cdk deploy --outputs-file`, for address and token')
    .option('--token-stdin', 'read the token from standard input')
    .addHelpText(
      'after',
      `
The token is taken from --token, standard input or HEADGATE_TOKEN; else with --outputs from Secrets Manager, with
your own AWS credentials; else it is asked for. Address and token are kept in a file that only you can read.

Examples:
  $ headgate login http://127.0.0.1:8787
  $ AWS_PROFILE=ops headgate login --outputs cdk.out/outputs.json
  $ headgate login https://data.example.com --token-stdin < token.txt`,
    )
    .action(async (given: string | undefined, _: LoginOptions, command: Command) => {
      const options = command.optsWithGlobals<LoginOptions>();
      const outputs = options.outputs === undefined ? null : await readOutputs(options.outputs);
      const url = checkUrl(
        given ?? options.url ?? outputs?.url ?? terminal.env['HEADGATE_URL'] ?? defaultUrl,
      );
      const token = await tokenFrom(terminal, options, outputs);
      const me = await createClient({ baseUrl: url, token }).getMe({ signal: terminal.signal });
      const path = await writeLogin(terminal, { url, token });
      if (options.json === true) printJson(terminal, { url, ...me, file: path });
      else terminal.out(`Logged in to ${url} as ${me.role} of ${me.tenant}. Kept in ${path}\n`);
    });
}

/** What was given, else the secret that the outputs name, else a person. */
async function tokenFrom(
  terminal: Terminal,
  options: LoginOptions,
  outputs: Outputs | null,
): Promise<string> {
  const given =
    options.tokenStdin === true
      ? await terminal.readInput()
      : (options.token ?? terminal.env['HEADGATE_TOKEN']);
  if (given === undefined && outputs !== null && outputs.secret !== null)
    return readAdminToken(outputs.secret, outputs.url, terminal.signal);
  if (given === undefined && !terminal.isInteractive)
    throw new CliError(exitCodes.usage, 'No token: give --token or --token-stdin.');
  const token = (given ?? (await terminal.ask('Token: ', { hidden: true }))).trim();
  if (token === '') throw new CliError(exitCodes.usage, 'The token is empty.');
  return token;
}

/** The stacks' outputs as `cdk deploy --outputs-file` writes them: stack → output → value. */
async function readOutputs(path: string): Promise<Outputs> {
  const text = await readFile(path, 'utf8');
  const find = (value: unknown, name: string): string | null => {
    if (typeof value !== 'object' || value === null) return null;
    for (const [key, inner] of Object.entries(value)) {
      if (key === name && typeof inner === 'string') return inner;
      const found = find(inner, name);
      if (found !== null) return found;
    }
    return null;
  };
  let outputs: unknown;
  try {
    outputs = JSON.parse(text);
  } catch (cause) {
    throw new CliError(exitCodes.usage, `${path} is no JSON.`, { cause });
  }
  const url = find(outputs, 'ApiUrl');
  if (url === null) throw new CliError(exitCodes.usage, `${path} has no output ApiUrl.`);
  return { url, secret: find(outputs, 'AdminTokenSecret') };
}
