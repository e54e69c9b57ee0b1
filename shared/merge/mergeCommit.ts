import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckDb } from '../duckdb/openDuckDb.ts';
import { appendOnce } from './appendOnce.ts';
import { type CopyOnWrite, measuredCopyOnWrite } from './copyOnWrite.ts';
import { keepOnly } from './keepOnly.ts';
import { LakeReader } from './lakeReader.ts';
import type { Merge, Merged, MergeOptions, MergeRule } from './merge.ts';
import { MergeSession } from './mergeSession.ts';
import { replaceWindow } from './replaceWindow.ts';
import { upsert } from './upsert.ts';

/**
 * The merge of every rule. Throws `out_of_memory` when DuckDB cannot do with its memory even by spilling, and
 * `internal_error` when an object of the lake is not what its manifest entry says.
 */
export const mergeCommit: Merge = (options) => mergeBy(options, measuredCopyOnWrite());

/** The same with another rule for when files are written again. */
export async function mergeBy(options: MergeOptions, copyOnWrite: CopyOnWrite): Promise<Merged> {
  const { workFolder, memoryLimitMegabytes, threads, signal, readRange } = options;
  signal.throwIfAborted();
  const folder = await mkdtemp(join(workFolder, 'merge-'));
  try {
    await using db = openDuckDb({
      workFolder: folder,
      memoryLimitMegabytes,
      threads,
      signal,
    });
    const lake = new LakeReader(readRange, signal);
    const session = new MergeSession({ db, lake, options, copyOnWrite, folder });
    const merged = await mergeRule(session, options.rule);
    return { ...merged, bytesRead: lake.bytesRead };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mergeRule(session: MergeSession, rule: MergeRule): Promise<Omit<Merged, 'bytesRead'>> {
  switch (rule.kind) {
    case 'upsert':
      return upsert(session, rule);
    case 'appendOnce':
      return appendOnce(session, rule);
    case 'replaceWindow':
      return replaceWindow(session, rule);
    case 'keepOnly':
      return keepOnly(session, rule);
  }
}
