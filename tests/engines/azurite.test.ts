import { afterAll, expect, it } from 'vitest';
import { azureConnector, azureExample } from '../connectors/azureExample.ts';
import { describeConnector } from '../connectors/conformance.ts';
import { notEmulated } from '../connectors/connectorExample.ts';
import { bytesOfFirst, filesContext, readFiles } from '../connectors/remoteFilesExample.ts';
import { findAzurite, startAzurite } from './startAzurite.ts';

const found = await findAzurite();
if ('program' in found) {
  const azurite = await startAzurite(found.program);
  afterAll(() => azurite.close());
  await azurite.makeContainer('conformance');
  const example = await azureExample('Azurite', azurite.connectionString, {
    put: (name, content) => azurite.put('conformance', name, content),
    remove: (name) => azurite.remove('conformance', name),
  });
  describeConnector({ ...example, cannotBe: notEmulated });

  it('reads from an offset, and notices that a blob changed', async () => {
    await azurite.makeContainer('more');
    await azurite.put('more', 'a.csv', 'id\n1\n');
    const { connectionString } = azurite;
    const context = filesContext(azureConnector, { container: 'more' }, { connectionString });
    const { batches } = await readFiles(azureConnector, context);
    expect(String(await bytesOfFirst(batches, 3))).toBe('1\n');
    await azurite.put('more', 'a.csv', 'id\n2\n');
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'file_changed' });
  });
} else
  it('says why Azurite is absent', () => {
    console.log(`Azurite cannot be had here (${found.missing}): the suite ran against a simulator`);
    expect(found.missing).not.toBe('');
  });
