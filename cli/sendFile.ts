import { createReadStream } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, Upload } from '../client/generated.ts';
import { exitCodes } from './exitCodes.ts';
import { CliError } from './terminal.ts';

export interface LocalFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

type Post = Extract<Upload, { readonly method: 'POST' }>;
type Multipart = Extract<Upload, { readonly method: 'MULTIPART' }>;

const partTries = 4;
const boundary = 'headgate-form-boundary-7e1f0b';

/** Sends a file where the API said it may go. Streams it; `onSent` is told the bytes that left so far. */
export async function sendFile(
  client: Client,
  upload: Upload,
  file: LocalFile,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (upload.method === 'POST') await sendForm(upload, file, onSent, signal);
  else await sendParts(client, upload, file, onSent, signal);
}

/** As a browser's form would, with the length said beforehand, which S3 wants. */
async function sendForm(
  { url, fields }: Post,
  file: LocalFile,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const head = Buffer.from(
    `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  async function* body(): AsyncGenerator<Buffer> {
    yield head;
    yield* chunksOf(file, 0, file.bytes, onSent);
    yield tail;
  }
  await send('POST', url, body(), head.length + file.bytes + tail.length, signal, {
    'content-type': `multipart/form-data; boundary=${boundary}`,
  });
}

async function sendParts(
  client: Client,
  { sourceId, uploadId, partBytes, partCount, parts }: Multipart,
  file: LocalFile,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = parts;
  for (let partNumber = 1; partNumber <= partCount; partNumber++) {
    const from = (partNumber - 1) * partBytes;
    const to = Math.min(file.bytes, from + partBytes);
    for (let tries = 1; ; tries++) {
      let url = known.find((part) => part.partNumber === partNumber)?.url;
      if (url === undefined || tries > 1) {
        known = (
          await client.getUploadParts({
            idOrKey: sourceId,
            uploadId,
            query: { from: partNumber },
            signal,
          })
        ).parts;
        url = known.find((part) => part.partNumber === partNumber)?.url;
      }
      if (url === undefined)
        throw new CliError(exitCodes.failure, `Headgate gave no address for part ${partNumber}.`);
      try {
        const tell = (bytes: number): void => onSent(from + bytes);
        await send('PUT', url, chunksOf(file, from, to, tell), to - from, signal, {});
        break;
      } catch (error) {
        // An address that ran out, or a line that broke: ask for a fresh address.
        if (signal.aborted || tries === partTries) throw error;
      }
    }
  }
}

async function* chunksOf(
  { path, name, bytes }: LocalFile,
  from: number,
  to: number,
  onSent: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let sent = 0;
  if (to > from)
    for await (const chunk of createReadStream(path, { start: from, end: to - 1 })) {
      yield chunk as Buffer;
      sent += (chunk as Buffer).length;
      onSent(sent);
    }
  if (sent !== to - from)
    throw new CliError(
      exitCodes.invalid,
      `${name} changed while it was sent; it had ${bytes} bytes.`,
    );
}

const isGood = (status: number): boolean => status >= 200 && status < 300;

async function send(
  method: string,
  url: string,
  body: AsyncIterable<Buffer>,
  length: number,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const target = new URL(url);
  const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, {
    method,
    headers: { ...headers, 'content-length': length },
    signal,
  });
  const answer = new Promise<{ readonly status: number; readonly text: string }>(
    (resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 0 } = response;
          resolve({ status: statusCode, text: Buffer.concat(chunks).toString('utf8') });
          // Nobody wants the rest.
          if (!isGood(statusCode)) request.destroy();
        });
      });
    },
  );
  // S3 may refuse and close before everything is sent; then its answer counts, not the broken pipe.
  const sending = pipeline(Readable.from(body), request).catch((error: unknown) => {
    if (error instanceof CliError || signal.aborted) throw error;
  });
  const [{ status, text }] = await Promise.all([answer, sending]);
  if (isGood(status)) return;
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? '';
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '';
  throw new CliError(
    exitCodes.invalid,
    `The bytes were refused with status ${status}${code === '' ? '' : `: ${code}, ${message}`}`,
  );
}
