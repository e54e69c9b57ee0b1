import type { DataFile } from './dataFile.ts';

/** A data file of a snapshot, and the file that says which of its rows are deleted. */
export interface LiveFile {
  readonly file: DataFile;
  /** null: all its rows are live; else `file.rows - deletes.rows` are. */
  readonly deletes: DataFile | null;
}
