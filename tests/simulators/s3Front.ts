import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localClientConfig } from '../local/hostServices.ts';
import { handOn } from './handOn.ts';

/** Keys of an identity that may read. */
export interface S3FrontKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface S3Front extends AsyncDisposable {
  readonly url: string;
  readonly keys: S3FrontKeys;
  /** From now on every request is refused with this status, and told again in the answer; null: none is. */
  echo(status: number | null): void;
}

/**
 * An S3 with an identity of its own in front of the embedded one, whose keys are the same for everybody: checks each
 * request's signature, then signs it anew. Reading only.
 */
export async function startS3Front(awsEndpoint: string): Promise<S3Front> {
  const keys = {
    accessKeyId: 'AKIACANARYREADER0001',
    secretAccessKey: 's3/secret+canary/4f0d7c',
    sessionToken: 'session//canary+token==31a8',
  };
  let refusal: number | null = null;
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    if (refusal !== null) {
      response.writeHead(refusal, { 'content-type': 'application/xml' });
      response.end(
        `<Error><Code>Refused</Code><Message>${JSON.stringify(headers)} ${url}</Message></Error>`,
      );
      return;
    }
    const [, id, time, signed = '', signature] =
      /Credential=([^/]+)\/(\d{8})\/.*SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const { secretAccessKey, sessionToken } = keys;
    if (
      id !== keys.accessKeyId ||
      time === undefined ||
      headers['x-amz-security-token'] !== sessionToken ||
      signatureOf(method, url, headers, signed, secretAccessKey) !== signature
    ) {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>');
      return;
    }
    const target = new URL(url, awsEndpoint);
    const own: IncomingHttpHeaders = { ...headers, host: target.host };
    delete own['x-amz-security-token'];
    const names = Object.keys(own)
      .filter((name) => name === 'host' || name.startsWith('x-amz-'))
      .sort()
      .join(';');
    const { accessKeyId, secretAccessKey: secret } = localClientConfig.credentials;
    own.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scopeOf(own)}, SignedHeaders=${names}, Signature=${signatureOf(method, url, own, names, secret)}`;
    handOn(request, response, awsEndpoint, own);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    echo: (status) => {
      refusal = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const scopeOf = (headers: IncomingHttpHeaders): string =>
  `${String(headers['x-amz-date']).slice(0, 8)}/${localClientConfig.region}/s3/aws4_request`;

/** Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header". */
function signatureOf(
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  signed: string,
  secret: string,
): string {
  const [path = '', query = ''] = url.split('?');
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const canonical = [
    method,
    path,
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    String(headers['x-amz-content-sha256']),
  ].join('\n');
  const scope = scopeOf(headers);
  const hash = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', String(headers['x-amz-date']), scope, hash].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((left, part) => hmac(left, part), `AWS4${secret}`);
  return hmac(key, text).toString('hex');
}
