import { HeadgateError } from '../../shared/errors.ts';
import type { AzureConfig, AzureCredentials } from './azureConfig.ts';

/** Where the blobs of an account are, and what signs requests for them. */
export interface AzureAccess {
  /** Without a slash at its end; of an emulator it ends with the account's name. */
  readonly endpoint: string;
  readonly account: string;
  readonly by:
    | { readonly kind: 'key'; readonly key: Buffer }
    | { readonly kind: 'sas'; readonly query: string }
    | { readonly kind: 'app' };
}

const wrong = (what: string): HeadgateError => new HeadgateError('invalid_credentials', what);

/** Throws `invalid_credentials` for texts that are not what they are meant to be, `invalid_config` without an account. */
export function azureAccess(
  { account, container }: AzureConfig,
  { connectionString, accountKey, sasUrl }: AzureCredentials,
): AzureAccess {
  if (connectionString !== undefined) return ofConnectionString(connectionString);
  if (sasUrl !== undefined) return ofSasUrl(sasUrl, container);
  if (account === undefined)
    throw new HeadgateError('invalid_config', 'Name the storage account, too.');
  const endpoint = `https://${account}.blob.core.windows.net`;
  const by = accountKey === undefined ? ({ kind: 'app' } as const) : byKey(accountKey);
  return { endpoint, account, by };
}

const byKey = (text: string): AzureAccess['by'] => {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0)
    throw wrong(
      'The account key is not whole: it is base64, usually 88 characters that end with ==.',
    );
  return { kind: 'key', key: Buffer.from(text, 'base64') };
};

/** Source: "Configure Azure Storage connection strings", Microsoft Learn. */
function ofConnectionString(text: string): AzureAccess {
  const parts = new Map(
    text.split(';').flatMap((part) => {
      const [, name, value] = /^\s*(\w+)=(.*?)\s*$/.exec(part) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
  const account = parts.get('AccountName');
  const key = parts.get('AccountKey');
  const sas = parts.get('SharedAccessSignature');
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = parts.get('EndpointSuffix') ?? 'core.windows.net';
  const endpoint =
    parts.get('BlobEndpoint') ??
    (account === undefined ? undefined : `${protocol}://${account}.blob.${suffix}`);
  if (endpoint === undefined || !URL.canParse(endpoint) || (key === undefined && sas === undefined))
    throw wrong(
      'The connection string is not whole: it needs AccountName and AccountKey, or BlobEndpoint and SharedAccessSignature.',
    );
  const plain = endpoint.replace(/\/+$/, '');
  const name = account ?? new URL(plain).hostname.split('.')[0] ?? '';
  return {
    endpoint: plain,
    account: name,
    by: key === undefined ? { kind: 'sas', query: (sas ?? '').replace(/^\?/, '') } : byKey(key),
  };
}

function ofSasUrl(text: string, container: string): AzureAccess {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !url.searchParams.has('sig'))
    throw wrong('The SAS address is not whole: it begins with https:// and holds sig=.');
  const path = url.pathname.replace(/\/+$/, '');
  const base = path.endsWith(`/${container}`) ? path.slice(0, -container.length - 1) : path;
  return {
    endpoint: `${url.origin}${base}`,
    account: url.hostname.split('.')[0] ?? '',
    by: { kind: 'sas', query: url.search.slice(1) },
  };
}
