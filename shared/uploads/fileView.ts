import type { FileView } from '../api/schemas/file.ts';
import type { ListedFile } from '../files/files.ts';

/** A file as the API shows it. */
export const fileViewOf = ({ file, status }: ListedFile): FileView => ({
  name: file.name,
  versionId: file.versionId,
  bytes: file.bytes,
  modifiedAt: file.modifiedAt,
  status,
  rows: file.rows ?? null,
  rejected: file.rejected ?? null,
  loadedAt: file.loadedAt ?? null,
  detected: file.detected ?? null,
  error: file.error ?? null,
});
