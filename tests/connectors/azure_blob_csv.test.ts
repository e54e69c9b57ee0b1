import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { azureAccess } from '../../connectors/azure_blob_csv/azureAccess.ts';
import { azureConfig } from '../../connectors/azure_blob_csv/azureConfig.ts';
import { readBlobList } from '../../connectors/azure_blob_csv/readBlobList.ts';
import { startAzureBlob } from '../simulators/azureBlob.ts';
import { startPacedFront } from '../simulators/pacedFront.ts';
import { azureConnector, azureExample } from './azureExample.ts';
import { describeConnector } from './conformance.ts';
import { bytesOfFirst, filesContext, localSurroundings, readFiles } from './remoteFilesExample.ts';

const azure = await startAzureBlob();
const front = await startPacedFront(new URL(azure.sasUrl('x')).origin, {
  status: 503,
  body: '<Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>',
});
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await azure[Symbol.asyncDispose]();
});
await azure.makeContainer('conformance');

const refusing = (status: number, code: string, detail = '') => ({
  title: `Azure’s ${code}${detail === '' ? '' : ` (${detail})`}`,
  surroundings: () => ({
    ...localSurroundings(),
    fetch: async () =>
      new Response(`<Error><Code>${code}</Code><D>${detail}</D></Error>`, {
        status,
        headers: { 'x-ms-error-code': code },
      }),
  }),
});

describeConnector(
  await azureExample(
    'a simulator',
    azure.connectionString,
    {
      put: (name, content) => azure.put('conformance', name, content),
      remove: (name) => azure.remove('conformance', name),
    },
    [
      {
        // Azurite answers this with AuthorizationFailure, Azure itself with AuthenticationFailed.
        title: 'another key',
        credentials: {
          connectionString: azure.connectionString.replace(/AccountKey=...../, 'AccountKey=AAAAA'),
        },
        code: 'invalid_credentials',
        says: /refused the credentials/,
      },
      {
        title: 'half a connection string',
        credentials: { connectionString: 'AccountName=canarycanary;AccountKey=' },
        code: 'invalid_credentials',
        says: /not whole/,
      },
      {
        title: 'an account that does not answer',
        credentials: {
          connectionString: azure.connectionString.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'),
        },
        code: 'source_unreachable',
        says: /no answer/,
      },
      {
        ...refusing(403, 'AuthenticationFailed', 'Signed expiry time [x] must be after'),
        code: 'invalid_credentials',
        says: /Make a new one/,
      },
      {
        ...refusing(403, 'AuthorizationPermissionMismatch'),
        code: 'source_forbidden',
        says: /Storage Blob Data Reader/,
      },
    ],
    { source: front, says: ['seconds', 'date', 'x-ms-retry-after-ms'] },
  ),
);

const contextOf = (container: string, credentials: object, over = {}) =>
  filesContext(azureConnector, { container, account: azure.account }, credentials, over);

describe('blobs of Azure', () => {
  it('are read with a key, a SAS address of the container, and the token of an app', async () => {
    await azure.makeContainer('ways');
    const content = randomBytes(100_000);
    await azure.put('ways', 'folder with space/ä&b.csv', content);
    azure.tokens.add('token-2');
    const asked: (string | undefined)[] = [];
    const app = contextOf(
      'ways',
      { tenantId: 'acme.example', clientId: 'app', clientSecret: 'canary' },
      {
        accessToken: async (grant: { tokenUrl: string }, rejected?: string) => {
          expect(grant.tokenUrl).toBe(
            'https://login.microsoftonline.com/acme.example/oauth2/v2.0/token',
          );
          asked.push(rejected);
          return { token: rejected === undefined ? 'token-1' : 'token-2', answer: {} };
        },
        // An app's account lies at Azure's own address.
        fetch: (input: URL, init: RequestInit) =>
          localSurroundings().fetch(
            String(input).replace(
              `https://${azure.account}.blob.core.windows.net`,
              azure.sasUrl('x').replace(/\/x\?.*/, ''),
            ),
            init,
          ),
      },
    );
    for (const context of [
      contextOf('ways', { connectionString: azure.connectionString }),
      contextOf('ways', { sasUrl: azure.sasUrl('ways') }),
      app,
    ]) {
      const { batches, names } = await readFiles(azureConnector, context);
      expect(names).toEqual(['folder with space/ä&b.csv']);
      expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
      expect((await bytesOfFirst(batches, 99_000)).equals(content.subarray(99_000))).toBe(true);
    }
    // One that Azure no longer takes is asked for anew, once.
    expect(asked.slice(0, 2)).toEqual([undefined, 'token-1']);
  });

  it('that change while they are read are noticed', async () => {
    await azure.makeContainer('change');
    await azure.put('change', 'a.csv', 'id\n1\n');
    const context = contextOf('change', { connectionString: azure.connectionString });
    const { batches } = await readFiles(azureConnector, context);
    await azure.put('change', 'a.csv', 'id\n2\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
    await azure.remove('change', 'a.csv');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
  });

  it('that are archived fail alone, and say what to do', async () => {
    await azure.makeContainer('archive');
    await azure.put('archive', 'a.csv', 'id\n1\n');
    const context = contextOf('archive', { connectionString: azure.connectionString });
    const { batches } = await readFiles(azureConnector, context);
    azure.refusal = { status: 409, code: 'BlobArchived' };
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('Rehydrate'),
    });
    azure.refusal = null;
  });

  it('are listed by names as they are, without folders', () => {
    const blob = (name: string, more = '') =>
      `<Blob>${name}<Properties><Last-Modified>Sat, 21 Nov 2026 12:00:00 GMT</Last-Modified><Etag>0x8D</Etag><Content-Length>7</Content-Length>${more}</Properties></Blob>`;
    const { files, next } = readBlobList(
      `<?xml version="1.0"?><EnumerationResults><Blobs>${[
        blob('<Name>a &amp; b &lt;&#x41;&#66;.csv</Name>'),
        blob('<Name Encoded="true">c%EF%BF%BE.csv</Name>'),
        blob('<Name>folder</Name>', '<ResourceType>directory</ResourceType>'),
      ].join('')}</Blobs><NextMarker>m&amp;n</NextMarker></EnumerationResults>`,
    );
    expect(files.map(({ name }) => name)).toEqual(['a & b <AB.csv', 'c\ufffe.csv']);
    expect(files[0]).toMatchObject({ versionId: '"0x8D"', bytes: 7 });
    expect(next).toBe('m&n');
    expect(() => readBlobList('<html>')).toThrow('without a list');
  });

  it('lie where a connection string, a SAS address or an account’s name says', () => {
    const config = azureConfig.parse({ container: 'box', account: 'acme' });
    const key = Buffer.from('canary').toString('base64');
    const endpointOf = (credentials: object) => azureAccess(config, credentials).endpoint;
    expect(endpointOf({ connectionString: `AccountName=one;AccountKey=${key}` })).toBe(
      'https://one.blob.core.windows.net',
    );
    expect(
      endpointOf({
        connectionString: `AccountName=one;AccountKey=${key};EndpointSuffix=core.chinacloudapi.cn`,
      }),
    ).toBe('https://one.blob.core.chinacloudapi.cn');
    expect(
      endpointOf({
        connectionString: 'BlobEndpoint=https://two.example/;SharedAccessSignature=?sig=x',
      }),
    ).toBe('https://two.example');
    expect(endpointOf({ sasUrl: 'https://three.blob.core.windows.net/box?sig=x' })).toBe(
      'https://three.blob.core.windows.net',
    );
    expect(endpointOf({ accountKey: key })).toBe('https://acme.blob.core.windows.net');
    for (const wrong of [{ connectionString: 'nothing' }, { accountKey: 'x y' }, { sasUrl: 'x' }])
      expect(() => azureAccess(config, wrong)).toThrow(/not whole/);
  });
});
