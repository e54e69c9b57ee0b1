import * as z from 'zod';
import type { Context, FileRef } from '../../shared/connectors/connector.ts';
import type { FileStore } from '../../shared/connectors/files/fileStore.ts';
import { serviceAccountGrant } from '../../shared/connectors/files/serviceAccount.ts';
import { signedFetch } from '../../shared/connectors/files/signedFetch.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { GcsConfig, GcsCredentials } from './gcsConfig.ts';

const base = 'https://storage.googleapis.com/storage/v1/b/';
const scope = 'https://www.googleapis.com/auth/devstorage.read_only';
const pageSize = 1_000;

const page = z.object({
  items: z
    .array(
      z.object({
        name: z.string(),
        generation: z.string(),
        size: z.coerce.number(),
        timeCreated: z.coerce.date(),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});

/** A bucket of Google Cloud Storage as a store of files; versions are generations, which never come again. */
export function openGcsStore(context: Context<GcsConfig, GcsCredentials>): FileStore {
  const { config, credentials, signal } = context;

  const get = async (
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    headers: Readonly<Record<string, string>> = {},
    file?: FileRef,
  ): Promise<Response> => {
    const url = new URL(`${base}${encodeURIComponent(config.bucket)}${path}`);
    for (const [name, value] of Object.entries({ ...query, userProject: config.userProject }))
      if (value !== undefined) url.searchParams.set(name, value);
    const grant = serviceAccountGrant(credentials.serviceAccount, scope);
    const response = await signedFetch(context, grant, url, headers);
    if (response.ok) return response;
    throw await gcsFailure(response, config, file);
  };

  return {
    async *list() {
      let pageToken: string | undefined;
      do {
        signal.throwIfAborted();
        const response = await get('/o', {
          maxResults: String(pageSize),
          fields: 'nextPageToken,items(name,generation,size,timeCreated)',
          ...(config.prefix === '' ? {} : { prefix: config.prefix }),
          pageToken,
        });
        const parsed = page.safeParse(await response.json().catch(() => null));
        if (!parsed.success)
          throw new HeadgateError(
            'source_answer_invalid',
            'Google Cloud Storage answered without a list of objects.',
          );
        const { items, nextPageToken } = parsed.data;
        yield items.map(({ name, generation, size, timeCreated }) => ({
          name,
          versionId: generation,
          bytes: size,
          modifiedAt: timeCreated,
        }));
        pageToken = nextPageToken;
      } while (pageToken !== undefined);
    },

    async *open(file, from) {
      const response = await get(
        `/o/${encodeURIComponent(file.name)}`,
        { alt: 'media', generation: file.versionId },
        {
          // Objects that are stored with gzip are decompressed on their way to whoever does not take it: their length
          // would be another one, and no range of theirs could be asked for.
          'accept-encoding': 'gzip, identity',
          ...(from === 0 ? {} : { range: `bytes=${from}-` }),
        },
        file,
      );
      if (response.body !== null) yield* response.body as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** What a refusal is called. Source: "HTTP status and error codes for JSON", Google Cloud. */
async function gcsFailure(
  response: Response,
  { bucket }: GcsConfig,
  file: FileRef | undefined,
): Promise<HeadgateError> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  const parsed = refusal.safeParse(safeJson(text));
  const said = parsed.success ? parsed.data.error.message.slice(0, 300) : '';
  const failure = (code: HeadgateError['code'], message: string): HeadgateError =>
    new HeadgateError(code, message, {
      facts: { bucket, status, ...(file && { file: file.name }) },
    });
  if (status === 401)
    return failure(
      'invalid_credentials',
      'Google does not take the service account’s token. Is the account still there and enabled?',
    );
  if (status === 403)
    return failure(
      'source_forbidden',
      `Google does not permit this${said === '' ? '' : ` (${said})`}. The service account needs the role Storage Object Viewer on ${bucket}.`,
    );
  if (file !== undefined && (status === 404 || status === 412))
    return failure('file_changed', `${file.name} changed since it was listed.`);
  if (status === 404)
    return failure('source_not_found', `There is no bucket ${bucket}. Check its name.`);
  if (status === 400)
    return failure(
      'invalid_config',
      `Google did not accept the request${said === '' ? '' : ` (${said})`}. Check the bucket, and who pays for it.`,
    );
  return failure('source_answer_invalid', `Google Cloud Storage answered ${status}.`);
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
