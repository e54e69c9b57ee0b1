import type { Context, FileRef } from '../../shared/connectors/connector.ts';
import type { FileStore } from '../../shared/connectors/files/fileStore.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { askedMilliseconds } from '../../shared/http/retryAfter.ts';
import type { RetryInit } from '../../shared/http/withRetries.ts';
import { type AzureAccess, azureAccess } from './azureAccess.ts';
import type { AzureConfig, AzureCredentials } from './azureConfig.ts';
import { azureFailure } from './azureFailure.ts';
import { readBlobList } from './readBlobList.ts';
import { sharedKey } from './sharedKey.ts';

const version = '2021-12-02';
const pageSize = 1_000;

/** A container as a store of files; versions are ETags, which every change of a blob changes. */
export function openAzureStore(context: Context<AzureConfig, AzureCredentials>): FileStore {
  const { config, credentials, fetch, signal } = context;
  let access: AzureAccess | null = null;

  const send = async (
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    file?: FileRef,
  ): Promise<Response> => {
    access ??= azureAccess(config, credentials);
    const url = new URL(`${access.endpoint}/${config.container}${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const sent: Record<string, string> = {
      'accept-encoding': 'identity',
      'x-ms-version': version,
      'x-ms-date': context.now().toUTCString(),
      ...headers,
    };
    let rejected: string | undefined;
    for (;;) {
      if (access.by.kind === 'key')
        sent['authorization'] = sharedKey(url, sent, access.account, access.by.key);
      if (access.by.kind === 'sas')
        for (const [name, value] of new URLSearchParams(access.by.query))
          url.searchParams.set(name, value);
      let token: string | undefined;
      if (access.by.kind === 'app') {
        token = await tokenOf(context, rejected);
        sent['authorization'] = `Bearer ${token}`;
      }
      const init: RetryInit = {
        headers: sent,
        signal,
        retry: { givesRefusals: true, resetMilliseconds },
      };
      const response = await fetch(url, init).catch((error: unknown) => {
        throw unknownAccount(error, access);
      });
      if (response.ok) return response;
      if (response.status === 401 && token !== undefined && rejected === undefined) {
        await response.body?.cancel();
        rejected = token;
        continue;
      }
      throw await azureFailure(response, config, file);
    }
  };

  return {
    async *list() {
      let marker = '';
      do {
        signal.throwIfAborted();
        const response = await send(
          '',
          {
            restype: 'container',
            comp: 'list',
            maxresults: String(pageSize),
            ...(config.prefix === '' ? {} : { prefix: config.prefix }),
            ...(marker === '' ? {} : { marker }),
          },
          {},
        );
        const page = readBlobList(await response.text());
        yield page.files;
        marker = page.next;
      } while (marker !== '');
    },

    async *open(file, from) {
      const path = file.name.split('/').map(encodeURIComponent).join('/');
      const response = await send(
        `/${path}`,
        {},
        { 'if-match': file.versionId, ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
        file,
      );
      if (response.body !== null) yield* response.body as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

/** What Azure may say besides Retry-After. Source: the retry policy of Azure's own SDKs, which hear all three. */
const resetMilliseconds = ({ headers }: Response): number | null =>
  askedMilliseconds(headers.get('x-ms-retry-after-ms')) ??
  askedMilliseconds(headers.get('retry-after-ms'));

async function tokenOf(
  { credentials, accessToken }: Context<AzureConfig, AzureCredentials>,
  rejected: string | undefined,
): Promise<string> {
  const { tenantId = '', clientId = '', clientSecret = '' } = credentials;
  if (accessToken === undefined) throw new TypeError('there is nobody to ask for an access token');
  const { token } = await accessToken(
    {
      tokenUrl: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
      grant: 'client_credentials',
      clientAuth: 'body',
      clientId,
      clientSecret,
      scope: 'https://storage.azure.com/.default',
      lifetimeSeconds: 3600,
    },
    rejected,
  );
  return token;
}

/** An account is a host name of its own, so that one that is not there has no address. */
function unknownAccount(error: unknown, access: AzureAccess | null): unknown {
  const isUnknown =
    error instanceof HeadgateError &&
    error.code === 'source_unreachable' &&
    error.facts['host'] !== undefined &&
    access?.endpoint.endsWith('.blob.core.windows.net') === true;
  return isUnknown
    ? new HeadgateError(
        'source_not_found',
        `There is no storage account ${access?.account}: its address does not exist. Check the name.`,
        { cause: error },
      )
    : error;
}
