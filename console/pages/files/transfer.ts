import type { Client, Upload } from '../../../client/generated.ts';

type Multipart = Extract<Upload, { readonly method: 'MULTIPART' }>;

/** Larger files go in parts, which can be taken up again after a break. */
export const multipartFrom = 32 * 1024 ** 2;
const partTries = 4;

/** What is remembered of an upload in parts, in this browser, until it is complete. */
interface Remembered {
  readonly uploadId: string;
  readonly partBytes: number;
  readonly partCount: number;
  readonly done: readonly number[];
}

/** The same file is the same upload: by name, size and the time it was last changed. */
const memoryKey = (sourceId: string, name: string, file: File): string =>
  `headgate.upload ${sourceId} ${name} ${file.size} ${file.lastModified}`;

function recall(key: string): Remembered | undefined {
  try {
    return JSON.parse(localStorage.getItem(key) ?? '') as Remembered;
  } catch {
    return undefined;
  }
}

const remember = (key: string, value: Remembered): void =>
  localStorage.setItem(key, JSON.stringify(value));

export interface Transfer {
  readonly sourceId: string;
  /** As the source shall know it. */
  readonly name: string;
  readonly file: File;
  readonly replace: boolean;
  /** Bytes that are there. */
  readonly onProgress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Brings one file to the landing bucket and records it. An upload in parts that was broken off, by this page or an
 * earlier one, goes on after its last part. Rejects with what the API or S3 says.
 */
export async function transfer(client: Client, work: Transfer): Promise<void> {
  const { sourceId, name, file, replace, signal } = work;
  const key = memoryKey(sourceId, name, file);
  const isLarge = file.size > multipartFrom;
  let uploadId = isLarge ? await resume(client, work, key) : undefined;
  if (uploadId === undefined) {
    const upload = await client.createUpload({
      idOrKey: sourceId,
      body: { name, replace, bytes: file.size, multipart: isLarge },
      signal,
    });
    uploadId = upload.uploadId;
    if (upload.method === 'POST') await sendForm(upload.url, upload.fields, work);
    else {
      const { partBytes, partCount } = upload;
      remember(key, { uploadId, partBytes, partCount, done: [] });
      await sendParts(client, work, key, upload.parts);
    }
  }
  await client.completeUpload({
    idOrKey: sourceId,
    uploadId,
    body: { triggerSync: false },
    signal,
  });
  localStorage.removeItem(key);
}

/** Answers the upload’s id when all its parts are there; undefined when there is nothing to go on with. */
async function resume(client: Client, work: Transfer, key: string): Promise<string | undefined> {
  const known = recall(key);
  if (known === undefined) return undefined;
  try {
    await sendParts(client, work, key, []);
    return known.uploadId;
  } catch (error) {
    if (work.signal.aborted) throw error;
    // Its upload is gone, e.g. removed by the bucket after a week: begin anew.
    localStorage.removeItem(key);
    return undefined;
  }
}

async function sendParts(
  client: Client,
  work: Transfer,
  key: string,
  given: Multipart['parts'],
): Promise<void> {
  const { sourceId, file, signal, onProgress } = work;
  const known = recall(key);
  if (known === undefined) throw new Error('This browser does not keep what was uploaded.');
  const { uploadId, partBytes, partCount } = known;
  const done = new Set(known.done);
  let addresses = given;
  const addressOf = async (partNumber: number, fresh: boolean): Promise<string> => {
    const there = addresses.find((part) => part.partNumber === partNumber);
    if (there !== undefined && !fresh) return there.url;
    const { parts } = await client.getUploadParts({
      idOrKey: sourceId,
      uploadId,
      query: { from: partNumber },
      signal,
    });
    addresses = parts;
    const url = parts[0]?.url;
    if (url === undefined) throw new Error(`There is no address for part ${partNumber}.`);
    return url;
  };
  for (let partNumber = 1; partNumber <= partCount; partNumber++) {
    const from = (partNumber - 1) * partBytes;
    const to = Math.min(file.size, from + partBytes);
    for (let tries = 1; !done.has(partNumber); tries++)
      try {
        const url = await addressOf(partNumber, tries > 1);
        await send('PUT', url, file.slice(from, to), (sent) => onProgress(from + sent), signal);
        done.add(partNumber);
        remember(key, { uploadId, partBytes, partCount, done: [...done] });
      } catch (error) {
        if (signal.aborted || tries === partTries) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
      }
    onProgress(to);
  }
}

async function sendForm(
  url: string,
  fields: Readonly<Record<string, string>>,
  { file, onProgress, signal }: Transfer,
): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', file);
  await send('POST', url, form, (sent) => onProgress(Math.min(sent, file.size)), signal);
}

/** By XMLHttpRequest, because fetch does not tell how much was sent. */
function send(
  method: string,
  url: string,
  body: FormData | Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => {
      signal.removeEventListener('abort', abort);
      if (request.status >= 200 && request.status < 300) return resolve();
      const said = /<Message>([^<]*)<\/Message>/.exec(request.responseText)?.[1];
      reject(new Error(said ?? `The storage refused the bytes with status ${request.status}.`));
    };
    request.onerror = () => reject(new Error('The connection broke while bytes were sent.'));
    request.onabort = () => reject(signal.reason ?? new Error('Stopped.'));
    signal.addEventListener('abort', abort, { once: true });
    request.open(method, url);
    request.send(body);
  });
}
