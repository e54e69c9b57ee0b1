import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { consoleHeaders } from '../shared/consoleHeaders.ts';

/** What the console is made from. */
const inputs = '{console,client}/**/*.{ts,tsx,css,html,svg,json}';
const files = ['package-lock.json', 'tsconfig.json', 'scripts/buildConsole.ts'];
/** Builds that nobody started for this long are removed. */
const keepMilliseconds = 24 * 3600 * 1000;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

export interface ConsoleOptions {
  /** Of the project. */
  readonly root: string;
  /** Where presigned uploads go, besides the API’s own origin. */
  readonly uploadOrigins: readonly string[];
  readonly signal: AbortSignal;
}

export interface LocalConsole {
  /** Answers what no route of the API takes: the console’s files to browsers, 404 to everything else. */
  readonly listener: RequestListener;
  /** Builds it before the first request asks. */
  prepare(): void;
}

/**
 * Serves the console. It is built when it is first asked for, by a process of its own, and kept by a hash of its
 * sources, so that a second start only reads it.
 */
export function startConsole({ root, uploadOrigins, signal }: ConsoleOptions): LocalConsole {
  let folder: Promise<string> | undefined;
  const built = (): Promise<string> => {
    folder ??= buildOnce(root, signal).catch((error: unknown) => {
      folder = undefined;
      throw error;
    });
    return folder;
  };
  const headers = consoleHeaders(uploadOrigins);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const isFile = /^\/(assets\/[\w.-]+|[\w-]+\.svg)$/.test(path);
    const isPage = !isFile && (request.headers.accept ?? '').includes('text/html');
    if (!isRead || /^\/(v1|problems)(\/|$)/.test(path) || !(isFile || isPage))
      return send(response, 404, JSON.stringify({ message: 'Not Found' }), '.json');
    let where: string;
    try {
      where = await built();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return send(response, 503, JSON.stringify({ message: text }), '.json');
    }
    const file = normalize(join(where, isFile ? path : 'index.html'));
    if (!file.startsWith(where + sep) || !existsSync(file))
      return send(response, 404, JSON.stringify({ message: 'Not Found' }), '.json');
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    response.writeHead(200, {
      ...headers,
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      // Names of assets hold a hash of their content; pages are asked for each time.
      'cache-control': path.startsWith('/assets/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      vary: 'accept-encoding',
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    });
    if (request.method === 'HEAD') return void response.end();
    const source = createReadStream(file);
    await (zipped ? pipeline(source, createGzip(), response) : pipeline(source, response));
  };
  return {
    listener: (request, response) => {
      request.resume();
      // A browser that left half way is nobody’s fault.
      answer(request, response).catch(() => response.destroy());
    },
    prepare: () => void built().catch(() => undefined),
  };
}

function send(response: ServerResponse, status: number, body: string, type: string): void {
  response
    .writeHead(status, {
      'content-type': types[type] ?? '',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}

async function buildOnce(root: string, signal: AbortSignal): Promise<string> {
  const cache = join(root, 'node_modules/.cache/headgate/consoles');
  mkdirSync(cache, { recursive: true });
  const folder = join(cache, sourceHash(root));
  if (!existsSync(join(folder, 'index.html'))) {
    removeOld(cache);
    const unfinished = `${folder}.${process.pid}-${Date.now()}`;
    try {
      await run(root, unfinished, signal);
      renameSync(unfinished, folder);
    } catch (error) {
      // Another process may have made the same meanwhile.
      if (!existsSync(join(folder, 'index.html'))) throw error;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const now = new Date();
  utimesSync(folder, now, now);
  return folder;
}

function sourceHash(root: string): string {
  const hash = createHash('sha256').update(process.version);
  for (const name of [...globSync(inputs, { cwd: root }), ...files].sort())
    hash.update(`\0${name}\0`).update(readFileSync(join(root, name)));
  return hash.digest('hex').slice(0, 32);
}

function removeOld(cache: string): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > keepMilliseconds) rmSync(path, { recursive: true, force: true });
  }
}

async function run(root: string, output: string, signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, ['scripts/buildConsole.ts', '--output', output], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`building the console failed:\n${errors.trim()}`);
}
