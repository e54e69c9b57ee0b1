import type { RunItem } from '../runs/runItem.ts';
import { getRun } from '../runs/runs.ts';
import type { Table } from '../table.ts';
import type { FileItem } from './fileItem.ts';
import { type ResolvedFile, resolveFile } from './resolveFile.ts';

/**
 * Tells what files are, and looks at each run that claimed one of them once. Good for a while only: a run may commit
 * more, so whoever works for long makes a new one.
 */
export class Claimers {
  readonly #table: Table;
  readonly #tenant: string;
  readonly #runs = new Map<string, Promise<RunItem | null>>();

  constructor(table: Table, tenant: string) {
    this.#table = table;
    this.#tenant = tenant;
  }

  async resolve(file: FileItem): Promise<ResolvedFile> {
    const { claim } = file;
    if (claim === undefined) return resolveFile(file, null);
    let run = this.#runs.get(claim.runId);
    if (run === undefined) {
      run = getRun(this.#table, this.#tenant, claim.runId);
      this.#runs.set(claim.runId, run);
    }
    return resolveFile(file, await run);
  }
}
