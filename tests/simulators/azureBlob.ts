import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AzureBlob extends AsyncDisposable {
  readonly account: string;
  readonly key: string;
  readonly connectionString: string;
  /** A SAS address of the container, for the next hour. */
  sasUrl(container: string): string;
  put(container: string, name: string, content: string | Uint8Array): Promise<void>;
  remove(container: string, name: string): Promise<void>;
  makeContainer(container: string): Promise<void>;
  /** Tokens of apps that are let in. */
  readonly tokens: Set<string>;
  /** Every answer from now on is this refusal; null: none. */
  refusal: {
    readonly status: number;
    readonly code: string;
    readonly detail?: string;
    /** The request is told again. */
    readonly echo?: true;
  } | null;
  /** Blobs of a page, whatever is asked for. */
  pageSize: number;
}

interface Blob {
  readonly content: Buffer;
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly tier?: 'Archive';
}

const account = 'headgatetests';
const sasSignature = 'canary-sas-signature';

/**
 * The part of Blob Storage that is read from, with signatures checked by the words of "Authorize with Shared Key".
 * The same tests run against Azurite in `npm run test:engines`.
 */
export async function startAzureBlob(): Promise<AzureBlob> {
  const key = createHash('sha512').update('canary key of the account').digest('base64');
  const containers = new Map<string, Map<string, Blob>>();
  let changes = 0;
  const server = createServer((request, response) =>
    answer(state, containers, Buffer.from(key, 'base64'), request, response),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${account}`;
  const state: AzureBlob = {
    account,
    key,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
    sasUrl: (container) =>
      `${endpoint}/${container}?sv=2021-12-02&sp=rl&sr=c&sig=${encodeURIComponent(sasSignature)}`,
    tokens: new Set(),
    refusal: null,
    pageSize: 2,
    async makeContainer(container) {
      containers.set(container, new Map());
    },
    async put(container, name, content) {
      changes += 1;
      const etag = `0x8D${changes.toString(16).toUpperCase().padStart(12, '0')}`;
      containers
        .get(container)
        ?.set(name, { content: Buffer.from(content), etag, modifiedAt: new Date() });
    },
    async remove(container, name) {
      containers.get(container)?.delete(name);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

function answer(
  state: AzureBlob,
  containers: ReadonlyMap<string, ReadonlyMap<string, Blob>>,
  key: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): ServerResponse {
  const url = new URL(request.url ?? '', 'http://azure');
  const refuse = (status: number, code: string, detail = ''): ServerResponse => {
    response.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/xml' });
    return response.end(
      `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message>${detail === '' ? '' : `<AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail>`}</Error>`,
    );
  };
  if (state.refusal !== null) {
    const { status, code, detail, echo } = state.refusal;
    const told = `${request.url} ${JSON.stringify(request.headers)}`.replaceAll('&', '&amp;');
    return refuse(status, code, echo === true ? told : detail);
  }
  if (!isSigned(state, url, request, key))
    return request.headers.authorization?.startsWith('Bearer ') === true
      ? refuse(401, 'InvalidAuthenticationInfo')
      : refuse(403, 'AuthenticationFailed');
  const [, , container = '', ...rest] = url.pathname.split('/');
  const blobs = containers.get(container);
  if (blobs === undefined) return refuse(404, 'ContainerNotFound');
  const name = rest.map(decodeURIComponent).join('/');
  if (name === '' && url.searchParams.get('comp') === 'list') {
    response.writeHead(200, { 'content-type': 'application/xml' });
    return response.end(listing(state, blobs, url.searchParams));
  }
  const blob = blobs.get(name);
  if (blob === undefined) return refuse(404, 'BlobNotFound');
  if (request.headers['if-match'] !== `"${blob.etag}"`) return refuse(412, 'ConditionNotMet');
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = blob.content.subarray(from);
  response.writeHead(from === 0 ? 200 : 206, {
    etag: `"${blob.etag}"`,
    'content-length': body.length,
  });
  return response.end(body);
}

function listing(
  { pageSize }: AzureBlob,
  blobs: ReadonlyMap<string, Blob>,
  query: URLSearchParams,
): string {
  const xmlOf = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;');
  const names = [...blobs.keys()]
    .filter((name) => name.startsWith(query.get('prefix') ?? ''))
    .filter((name) => name >= (query.get('marker') ?? ''))
    .sort();
  const page = names.slice(0, pageSize).map((name) => {
    const { etag, modifiedAt, content } = blobs.get(name) as Blob;
    return `<Blob><Name>${xmlOf(name)}</Name><Properties><Creation-Time>${modifiedAt.toUTCString()}</Creation-Time><Last-Modified>${modifiedAt.toUTCString()}</Last-Modified><Etag>${etag}</Etag><Content-Length>${content.length}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="x" ContainerName="c"><Blobs>${page.join('')}</Blobs><NextMarker>${xmlOf(names[pageSize] ?? '')}</NextMarker></EnumerationResults>`;
}

function isSigned(
  { tokens }: AzureBlob,
  url: URL,
  { headers }: IncomingMessage,
  key: Buffer,
): boolean {
  const given = headers.authorization;
  if (given?.startsWith('Bearer ') === true) return tokens.has(given.slice(7));
  if (given === undefined) return url.searchParams.get('sig') === sasSignature;
  const date = headers['x-ms-date'];
  if (typeof date !== 'string' || Math.abs(Date.parse(date) - Date.now()) > 900_000) return false;
  const microsoft = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${String(headers[name])}\n`)
    .join('');
  const resource = `/${account}${url.pathname}`;
  const query = [...new Set(url.searchParams.keys())]
    .sort()
    .map((name) => `\n${name}:${url.searchParams.getAll(name).sort().join(',')}`)
    .join('');
  // Verb, three empty lines, length, MD5, type, date, If-Modified-Since; If-Match; two more; Range.
  const text = `GET\n\n\n\n\n\n\n\n${headers['if-match'] ?? ''}\n\n\n${headers.range ?? ''}\n${microsoft}${resource}${query}`;
  const signature = createHmac('sha256', key).update(text).digest('base64');
  return given === `SharedKey ${account}:${signature}`;
}
