import type { FileView } from '../api/schemas/file.ts';
import type { ResolvedFile } from '../files/resolveFile.ts';

/** A file as the API shows it. */
export const fileViewOf = ({ file, status }: Pick<ResolvedFile, 'file' | 'status'>): FileView => ({
  name: file.name,
  versionId: file.versionId,
  bytes: file.bytes,
  modifiedAt: file.modifiedAt,
  status,
  waiting: status === 'pending' || (status === 'on_disk' && file.parked === undefined),
  rows: file.rows ?? null,
  rejected: file.rejected ?? null,
  loadedAt: file.loadedAt ?? null,
  detected: file.detected ?? null,
  duplicateOf: file.duplicateOf?.name ?? null,
  error: file.error ?? null,
});
