import type { Reject } from '../formats/reject.ts';
import type { TabularFile } from '../formats/tabularFile.ts';
import type { KeptReject } from './keptReject.ts';

/** A file of rows that is to be loaded, or a stretch of one. */
export interface TabularSource {
  readonly file: TabularFile;
  /** Column → type, as the source's settings want it. */
  readonly types: Readonly<Record<string, string>>;
  /** For messages. */
  readonly name: string;
  /** Value of `_source_file`, or null where the table has no such column. */
  readonly sourceFile: string | null;
  /** It is a stretch of a file: that none of its rows can be read says nothing of the others. */
  readonly isPart?: boolean;
  /** How rejects are kept where the rows were rejected before; that all are again is then no failure. */
  readonly keep?: (reject: Reject) => KeptReject;
}
