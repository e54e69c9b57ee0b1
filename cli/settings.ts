import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCodes } from './exitCodes.ts';
import { CliError, type Terminal } from './terminal.ts';

/** Where to call and with which token. */
export interface Login {
  readonly url: string;
  readonly token: string;
}

/** `HEADGATE_CONFIG`, else `headgate/login.json` in the user's configuration folder. */
export const settingsPath = ({ env, home }: Pick<Terminal, 'env' | 'home'>): string =>
  env['HEADGATE_CONFIG'] ??
  join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'headgate', 'login.json');

/** Kept by `headgate login`; null when there is none. */
export async function readLogin(terminal: Pick<Terminal, 'env' | 'home'>): Promise<Login | null> {
  const path = settingsPath(terminal);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const value = parse(text);
  if (typeof value === 'object' && value !== null && 'url' in value && 'token' in value)
    return { url: String(value.url), token: String(value.token) };
  throw new CliError(exitCodes.refused, `${path} is not readable. Run \`headgate login\` again.`);
}

/** Readable by its owner only, from its first byte on. */
export async function writeLogin(
  terminal: Pick<Terminal, 'env' | 'home'>,
  login: Login,
): Promise<string> {
  const path = settingsPath(terminal);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}`;
  try {
    await writeFile(fresh, `${JSON.stringify({ v: 1, ...login })}\n`, { mode: 0o600, flag: 'wx' });
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  return path;
}

/** Options, then environment, then what was kept. Throws when that is not enough to call anybody. */
export async function findLogin(
  terminal: Pick<Terminal, 'env' | 'home'>,
  options: { readonly url?: string | undefined; readonly token?: string | undefined },
): Promise<Login> {
  const kept = await readLogin(terminal);
  const url = options.url ?? terminal.env['HEADGATE_URL'] ?? kept?.url;
  const token = options.token ?? terminal.env['HEADGATE_TOKEN'] ?? kept?.token;
  if (url === undefined || token === undefined)
    throw new CliError(
      exitCodes.refused,
      'Not logged in. Run `headgate login <url>`, or set HEADGATE_URL and HEADGATE_TOKEN.',
    );
  return { url: checkUrl(url), token };
}

/** Throws for what is no address; a token must not travel in clear text over a network. */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new CliError(exitCodes.usage, `"${text}" is no http or https address.`);
  const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !local)
    throw new CliError(exitCodes.usage, `"${text}" would send the token unencrypted. Use https.`);
  return text.replace(/\/+$/, '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
