import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the server tells that a file changed. */
export type Told = 'etag' | 'weakEtag' | 'time' | 'nothing';

export interface ServedFile {
  readonly content: Buffer;
  readonly modifiedAt: Date;
  readonly told: Told;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FileServer extends AsyncDisposable {
  readonly url: string;
  readonly files: Map<string, ServedFile>;
  /** Value of `authorization` (or of the header `x-key`) that is asked for; null: none. */
  key: string | null;
  /** Every request is refused with this status, and told again in the answer. */
  echo: number | null;
  /** The next answers break off after so many bytes. */
  breaks: number[];
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  put(path: string, content: string | Uint8Array, told?: Told): void;
}

/** A plain web server of files, and of refusals (`/status/403`): ranges, conditional ranges, and connections that break. */
export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, ServedFile>();
  const requests: FileServer['requests'][number][] = [];
  let seconds = Date.now() - 3_600_000;
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    answer(state, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    key: null,
    echo: null,
    breaks: [],
    requests,
    put(path, content, told = 'etag') {
      seconds += 1000;
      files.set(path, { content: Buffer.from(content), modifiedAt: new Date(seconds), told });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function answer(state: FileServer, request: IncomingMessage, response: ServerResponse): void {
  if (state.echo !== null) {
    const told = JSON.stringify(request.headers);
    response.writeHead(state.echo, { 'x-told': told }).end(`${request.url} ${told}`);
    return;
  }
  const status = /^\/status\/(\d{3})$/.exec(request.url ?? '')?.[1];
  if (status !== undefined) {
    response.writeHead(Number(status)).end('no');
    return;
  }
  const given = request.headers.authorization ?? request.headers['x-key'];
  if (state.key !== null && given !== state.key) {
    response.writeHead(given === undefined ? 401 : 403).end('no');
    return;
  }
  const file = state.files.get(request.url ?? '');
  if (file === undefined) {
    response.writeHead(404).end('not here');
    return;
  }
  const { content, told, modifiedAt, headers = {} } = file;
  const hash = createHash('md5').update(content).digest('hex');
  const etag = told === 'etag' ? `"${hash}"` : told === 'weakEtag' ? `W/"${hash}"` : undefined;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isRange =
    request.headers.range !== undefined &&
    (request.headers['if-range'] === undefined || request.headers['if-range'] === etag);
  const body = isRange ? content.subarray(from) : content;
  response.writeHead(isRange ? 206 : 200, {
    'content-type': 'text/csv',
    ...(etag === undefined ? {} : { etag }),
    ...(told === 'nothing' ? {} : { 'last-modified': modifiedAt.toUTCString() }),
    // Without a length, the answer comes in chunks.
    ...(told === 'nothing' ? {} : { 'content-length': body.length }),
    ...(isRange
      ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }
      : {}),
    ...headers,
  });
  const most = state.breaks.shift();
  if (most === undefined || most >= body.length) response.end(body);
  else response.write(body.subarray(0, most), () => response.destroy());
}
