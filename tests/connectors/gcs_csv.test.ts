import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import gcsCsv from '../../connectors/gcs_csv.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { makeServiceAccount, startGcs } from '../simulators/gcs.ts';
import { describeConnector } from './conformance.ts';
import { bytesOfFirst, filesContext, readFiles, remoteFilesExample } from './remoteFilesExample.ts';
import { openAccessTokens } from './restAccessTokens.ts';
import { expectHeldToDescription, surroundingsOf, unreachable } from './restExample.ts';

const connector = gcsCsv as unknown as Connector;
const gcs = await startGcs();
const tokens = await openAccessTokens(gcs);
afterAll(async () => {
  expectHeldToDescription(gcs);
  await gcs[Symbol.asyncDispose]();
  await tokens[Symbol.asyncDispose]();
});
const surroundings = () => ({ ...surroundingsOf(gcs), accessToken: tokens.accessToken() });
const credentials = { serviceAccount: gcs.serviceAccount };
const contextOf = (bucket: string) =>
  filesContext(connector, { bucket }, credentials, surroundings() as object);

gcs.makeBucket('conformance');
const refusing = (status: number, message: string) => ({
  surroundings: () => ({
    ...surroundings(),
    fetch: async () => Response.json({ error: { code: status, message } }, { status }),
  }),
});

describeConnector(
  await remoteFilesExample(
    {
      connector,
      config: { bucket: 'conformance', prefix: 'in/' },
      credentials,
      surroundings,
      paced: { source: gcs, says: ['seconds', 'date'] },
      refusals: [
        {
          title: 'a bucket that is not there',
          config: { bucket: 'nowhere' },
          code: 'source_not_found',
          says: /no bucket nowhere/,
        },
        {
          title: 'another account’s key',
          credentials: { serviceAccount: makeServiceAccount().json },
          code: 'invalid_credentials',
          says: /Connect again/,
        },
        {
          title: 'something that is no key file',
          credentials: { serviceAccount: '{"type":"authorized_user","canary":"canary-no-key"}' },
          code: 'invalid_credentials',
          says: /not the key file/,
        },
        {
          title: 'a missing permission',
          ...refusing(403, 'reader does not have storage.objects.list access'),
          code: 'source_forbidden',
          says: /storage\.objects\.list.*Storage Object Viewer/,
        },
        {
          title: 'a bucket that makes the reader pay',
          ...refusing(400, 'Bucket is a requester pays bucket but no user project provided.'),
          code: 'invalid_config',
          says: /who pays/,
        },
        {
          title: 'a service that does not answer',
          surroundings: () => ({
            ...unreachable(gcs),
            accessToken: async () => ({ token: 'nobody', answer: {} }),
          }),
          code: 'source_unreachable',
          says: /answer/,
        },
      ],
    },
    {
      put: async (name, content) => gcs.put('conformance', name, content),
      remove: async (name) => gcs.remove('conformance', name),
    },
    'in/',
  ),
);

describe('objects of Google Cloud Storage', () => {
  it('that are stored with gzip come as they are stored, from any offset on', async () => {
    gcs.makeBucket('stored');
    const content = gzipSync('id\n1\n');
    gcs.put('stored', 'a.csv', content, 'gzip');
    const { batches } = await readFiles(connector, contextOf('stored'));
    expect((await bytesOfFirst(batches)).equals(content)).toBe(true);
    expect((await bytesOfFirst(batches, 5)).equals(content.subarray(5))).toBe(true);
  });

  it('that change while they are read are noticed', async () => {
    gcs.makeBucket('change');
    gcs.put('change', 'a.csv', 'id\n1\n');
    const { batches } = await readFiles(connector, contextOf('change'));
    gcs.put('change', 'a.csv', 'id\n1\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
  });

  it('are asked for again with a new token once the old one is no longer taken', async () => {
    gcs.makeBucket('tokens');
    gcs.put('tokens', 'a.csv', 'id\n1\n');
    const context = contextOf('tokens');
    const { batches } = await readFiles(connector, context);
    gcs.oauth.expireAll();
    expect(String(await bytesOfFirst(batches))).toBe('id\n1\n');
  });
});
