import type { FileItem } from '../files/fileItem.ts';
import type { StagedFile } from '../runs/ingestProtocol.ts';
import type { LockItem } from '../runs/lockItem.ts';
import type { RunItem } from '../runs/runItem.ts';
import type { MapFault } from '../runs/unitProtocol.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { Deadline } from './ingestDependencies.ts';
import type { KeepAlive } from './keepAlive.ts';

/** One call of an ingest function: for whom it works, and what its streams tell one another. */
export interface Invocation {
  readonly lock: LockItem;
  readonly run: RunItem;
  readonly source: SourceItem;
  readonly alive: KeepAlive;
  readonly deadline: Deadline;
  /** Landed files handed out so far, by `name#versionId`; those that units loaded are added. */
  readonly taken: Map<string, Pick<FileItem, 'name' | 'versionId' | 'replaces'>>;
  /** Files that were not handed out, because the bytes of a loaded one are the same, by `name#versionId`. */
  readonly duplicates: Map<string, StagedFile>;
  /** Why the units of the run before did not all come to their end. */
  readonly fault?: MapFault | undefined;
}
