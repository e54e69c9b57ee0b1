import { HeadgateError } from '../errors.ts';
import { fieldsOf } from './icebergSchema.ts';
import { prepareRevert } from './prepareRevert.ts';
import type { PrepareRevertFunction } from './tableChange.ts';
import { findSnapshot, readTableMetadata, schemaWithId } from './tableMetadata.ts';

/** `prepareRevert` under the schema that the table had at the older snapshot, as its metadata remembers it. */
export const revertTo: PrepareRevertFunction = async (input) => {
  const { store, current, to, signal } = input;
  const metadata = await readTableMetadata(store, current.metadataKey, signal);
  const snapshot = to.snapshotId === null ? null : findSnapshot(metadata, to.snapshotId);
  if (snapshot === null)
    throw new HeadgateError(
      'cannot_undo',
      `The table cannot go back to snapshot ${to.snapshotId}: it has expired.`,
      { facts: { snapshotId: to.snapshotId } },
    );
  const schema = fieldsOf(schemaWithId(metadata, snapshot['schema-id']));
  const { pointer } = await prepareRevert({ ...input, schema });
  return { pointer, schema };
};
