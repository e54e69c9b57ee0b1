import { listDataFiles } from './listDataFiles.ts';
import type { LiveFile } from './liveFile.ts';
import type { ObjectStore } from './tableChange.ts';
import type { TablePointer } from './tablePointer.ts';

/** The live data files of a table with the deletes of each, in the order they were added. */
export async function* listLiveFiles(
  store: ObjectStore,
  pointer: TablePointer,
  signal: AbortSignal,
): AsyncGenerator<LiveFile> {
  for await (const file of listDataFiles(store, pointer, signal)) yield { file, deletes: null };
}
