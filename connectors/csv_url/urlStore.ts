import { createHash } from 'node:crypto';
import type { Context, FileRef } from '../../shared/connectors/connector.ts';
import type { FileStore, ListedFile } from '../../shared/connectors/files/fileStore.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { plainUrl } from '../../shared/http/safeUrl.ts';
import { directUrl } from './directUrl.ts';
import { signInHeaders, type UrlConfig, type UrlCredentials } from './urlConfig.ts';

/**
 * Addresses as a store of files. A version is what the server tells of it (ETag, else time and length); where it tells
 * nothing that can be relied on, the file is read once to find out, and its version is the hash of its bytes.
 */
export function openUrlStore(context: Context<UrlConfig, UrlCredentials>): FileStore {
  const { config, credentials, fetch, signal } = context;
  const urls = namedUrls(config.urls);

  const get = async (url: URL, more: Readonly<Record<string, string>> = {}): Promise<Response> => {
    const response = await fetch(url, {
      headers: { ...signInHeaders(credentials), 'accept-encoding': 'identity', ...more },
      signal,
    });
    if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel();
      throw new HeadgateError(
        'invalid_config',
        `${plainUrl(url)} answers with a web page, not with a file. Is it the address of the file itself, and does it need to be signed in?`,
        { facts: { url: plainUrl(url) } },
      );
    }
    return response;
  };

  return {
    async *list() {
      for (const [name, url] of urls) {
        signal.throwIfAborted();
        const response = await get(url);
        const told = toldVersion(response);
        const modified = Date.parse(response.headers.get('last-modified') ?? '');
        const modifiedAt = new Date(Number.isNaN(modified) ? 0 : modified);
        if (told === null) {
          yield [{ name, ...(await measured(response)), modifiedAt }];
        } else {
          await response.body?.cancel();
          yield [{ name, ...told, modifiedAt }];
        }
      }
    },

    async reach() {
      for (const url of urls.values()) {
        signal.throwIfAborted();
        await (await get(url)).body?.cancel();
      }
    },

    async *open(file, from) {
      const url = urls.get(file.name);
      if (url === undefined) throw changed(file);
      const isTold = !file.versionId.startsWith(hashed);
      // Only a strong ETag says that the rest belongs to what was read before.
      const resumes = from > 0 && file.versionId.startsWith('"');
      const response = await get(
        url,
        resumes ? { range: `bytes=${from}-`, 'if-range': file.versionId } : {},
      );
      if (isTold && toldVersion(response, resumes)?.versionId !== file.versionId) {
        await response.body?.cancel();
        throw changed(file);
      }
      const hash = createHash('sha256');
      let toSkip = from;
      if (response.status === 206) {
        const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
        if (Number(start) !== from) throw changed(file);
        toSkip = 0;
      }
      for await (const chunk of bodyOf(response)) {
        if (!isTold) hash.update(chunk);
        if (toSkip >= chunk.length) {
          toSkip -= chunk.length;
          continue;
        }
        yield toSkip === 0 ? chunk : chunk.subarray(toSkip);
        toSkip = 0;
      }
      if (!isTold && `${hashed}${hash.digest('hex')}` !== file.versionId) throw changed(file);
    },
  };
}

const hashed = 'sha256:';

const changed = (file: FileRef): HeadgateError =>
  new HeadgateError('file_changed', `${file.name} changed since it was looked at.`, {
    facts: { file: file.name },
  });

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body !== null) yield* response.body as unknown as AsyncIterable<Uint8Array>;
}

/** What the head of an answer tells of the file; null without a length, or without anything that changes with it. */
function toldVersion(
  { headers }: Response,
  isPart = false,
): Pick<ListedFile, 'versionId' | 'bytes'> | null {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  const length =
    (isPart ? /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] : undefined) ??
    headers.get('content-length');
  if (length === null || !/^\d+$/.test(length)) return null;
  const versionId = etag ?? (modified === null ? null : `${modified} ${length}`);
  return versionId === null ? null : { versionId, bytes: Number(length) };
}

async function measured(response: Response): Promise<Pick<ListedFile, 'versionId' | 'bytes'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of bodyOf(response)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { versionId: `${hashed}${hash.digest('hex')}`, bytes };
}

/** Host and path name a file; of addresses that differ only in their query, the second gets a number. */
function namedUrls(texts: readonly string[]): ReadonlyMap<string, URL> {
  const urls = new Map<string, URL>();
  for (const text of texts) {
    const url = directUrl(text);
    const plain = `${url.host}${decoded(url.pathname)}`;
    let name = plain;
    for (let number = 2; urls.has(name); number += 1) name = `${number}/${plain}`;
    urls.set(name, url);
  }
  return urls;
}

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};
