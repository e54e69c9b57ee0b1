import { randomBytes } from 'node:crypto';
import type * as z from 'zod';
import type { Upload, uploadNewSource } from '../api/schemas/file.ts';
import { createSource } from '../api/schemas/source.ts';
import { HeadgateError } from '../errors.ts';
import { type Connectors, connectorOf } from '../sources/checkSettings.ts';
import { insertSource, newSource } from '../sources/insertSource.ts';
import type { Caller } from '../sources/sourceDependencies.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import { checkUpload, takesFile } from './checkUpload.ts';
import { startUpload, type UploadDependencies } from './startUpload.ts';

const maxTries = 5;

/** Makes an active source for one file and promises a place for its bytes. Refuses the file before it makes anything. */
export async function sourceForFile(
  dependencies: UploadDependencies & { readonly connectors: Connectors },
  by: Pick<Caller, 'principal' | 'requestId'>,
  body: z.infer<typeof uploadNewSource>,
): Promise<{ readonly source: SourceItem; readonly upload: Upload }> {
  const { table, connectors, maxUploadBytes } = dependencies;
  const { name, description, key, file } = body;
  if (name === undefined || name === '')
    throw new HeadgateError('name_missing', 'Give the source a name.', {
      fields: [{ pointer: '#/name', detail: 'Missing.' }],
    });
  const connector = connectorOf(connectors, body.connector ?? connectorFor(connectors, file.name));
  if (connector === null) throw new Error('no connector takes files');
  checkUpload(file, connector, maxUploadBytes, ['file']);
  for (let tries = 1; ; tries++) {
    const now = dependencies.now();
    const settings = createSource.parse({
      key: key ?? keyFrom(name, tries === 1 ? '' : `-${randomBytes(2).toString('hex')}`),
      name,
      description,
      connector: connector.name,
      status: 'active',
    });
    try {
      const { tenant, tokenId } = by.principal;
      const source = await insertSource(
        table,
        newSource(settings, { tenant, createdBy: tokenId, connectors, now }),
        { tableGiven: false, requestId: by.requestId, connectors, now },
      );
      return {
        source,
        upload: await startUpload(dependencies, by, source, { ...file, replace: false }),
      };
    } catch (error) {
      const taken = error instanceof HeadgateError && error.code === 'key_exists';
      if (!taken || key !== undefined || tries === maxTries) throw error;
    }
  }
}

/** The most particular connector that reads such a file; local_files when none does, so that it says what it reads. */
function connectorFor(connectors: Connectors, name: string): string {
  const takers = connectors.filter((connector) => connector.landing && takesFile(connector, name));
  const [first] = takers.toSorted(
    (a, b) => (a.fileTypes?.length ?? 0) - (b.fileTypes?.length ?? 0),
  );
  return first?.name ?? 'local_files';
}

/** A name as a key: letters, digits, dashes. */
export function keyFrom(name: string, suffix: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 200);
  return `${plain === '' ? 'file' : plain}${suffix}`;
}
