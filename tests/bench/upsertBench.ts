import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { duckDbMegabytes } from '../../shared/ingest/mergeStream.ts';
import { atMost, type BenchResult, type Figure } from './figures.ts';
import { bytesOf, filesInTable, upsertTable } from './upsertTable.ts';
import type { UpsertMeasured, UpsertWork } from './upsertWorker.ts';

/** Of an ingest function as it is deployed; Lambda gives it one processor. */
const memoryMegabytes = 1769;
const threads = 1;
/** Of the time that writing the table again takes. */
const mostShare = 0.1;

const worker = fileURLToPath(new URL('./upsertWorker.ts', import.meta.url));

/** In a process of its own, so that its peak memory is its own. */
async function measure(work: Pick<UpsertWork, 'what' | 'keys' | 'rows'>): Promise<UpsertMeasured> {
  const all: UpsertWork = {
    ...work,
    memoryLimitMegabytes: duckDbMegabytes({ memoryMegabytes }),
    threads,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [worker, JSON.stringify(all)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as UpsertMeasured;
}

const megabytes = (bytes: number): string =>
  `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
const thousands = (count: number): string => count.toLocaleString('en-US');

/** A hundredth of a table's rows upserted into it, next to writing the table again, with a function's memory. */
export async function upsertBench(rows = 100_000_000): Promise<BenchResult> {
  const table = await upsertTable(rows);
  const floor = await measure({ what: 'rewrite', keys: 'random', rows });
  const figures: Figure[] = [
    {
      what: 'the table written again without the batch’s keys',
      value: `${floor.seconds.toFixed(1)} s, peak ${floor.peakMegabytes} MB`,
    },
  ];
  const missed: string[] = [];
  for (const keys of ['random', 'recent'] as const) {
    const { seconds, bytesRead, peakMegabytes, superseded, deletes, rewritten } = await measure({
      what: 'merge',
      keys,
      rows,
    });
    const share = seconds / floor.seconds;
    figures.push(
      { what: `upsert, ${keys} keys`, value: `${seconds.toFixed(1)} s, peak ${peakMegabytes} MB` },
      { what: '  of the time of the rewrite', value: `1/${(1 / share).toFixed(1)}` },
      { what: '  bytes read', value: `${megabytes(bytesRead)} of ${megabytes(bytesOf(table))}` },
      {
        what: '  rows superseded',
        value: `${thousands(superseded)} (${deletes} delete files, ${rewritten} files rewritten)`,
      },
    );
    if (share > mostShare)
      missed.push(
        `upsert with ${keys} keys takes 1/${(1 / share).toFixed(1)} of a rewrite, above 1/10`,
      );
    missed.push(
      ...atMost(`peak memory of the upsert, ${keys} keys (MB)`, peakMegabytes, memoryMegabytes),
    );
    if (keys === 'random' && superseded !== floor.superseded)
      missed.push(`the upsert removed ${superseded} rows, the rewrite ${floor.superseded}`);
  }
  return {
    title: `Upsert of ${thousands(rows / 100)} rows into ${thousands(table.rows)} (${filesInTable} files, ${megabytes(bytesOf(table))}; ${memoryMegabytes} MB, ${threads} thread)`,
    figures,
    missed,
  };
}
