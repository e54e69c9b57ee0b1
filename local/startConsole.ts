import { createReadStream, existsSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { consoleHeaders } from '../shared/consoleHeaders.ts';
import { cachedBuild } from './cachedBuild.ts';

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

const build = (root: string, signal: AbortSignal): Promise<string> =>
  cachedBuild({
    root,
    name: 'consoles',
    inputs: '{console,client}/**/*.{ts,tsx,css,html,svg,json}',
    files: ['package-lock.json', 'tsconfig.json', 'scripts/buildConsole.ts'],
    holds: 'index.html',
    program: (output) => ['scripts/buildConsole.ts', '--output', output],
    what: 'building the console',
    signal,
  });

/** Serves the console, which is built when it is first asked for. */
export function startConsole({ root, uploadOrigins, signal }: ConsoleOptions): LocalConsole {
  let folder: Promise<string> | undefined;
  const built = (): Promise<string> => {
    folder ??= build(root, signal).catch((error: unknown) => {
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
