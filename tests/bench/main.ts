import { type RunningHeadgate, startHeadgate } from '../startHeadgate.ts';
import { bundlesBench } from './bundlesBench.ts';
import { consoleBench } from './consoleBench.ts';
import { csvBench } from './csvBench.ts';
import { emptyRunBench } from './emptyRunBench.ts';
import type { BenchResult } from './figures.ts';
import { postgresBench } from './postgresBench.ts';
import { restBench } from './restBench.ts';
import { upsertBench } from './upsertBench.ts';

const rowsFlag = process.argv.find((argument) => argument.startsWith('--rows='));
const benches = {
  empty: emptyRunBench,
  csv: csvBench,
  postgres: postgresBench,
  rest: restBench,
  console: consoleBench,
  upsert: () => upsertBench(rowsFlag === undefined ? undefined : Number(rowsFlag.slice(7))),
  bundles: bundlesBench,
} as const;
type BenchName = keyof typeof benches;

/** Those that look at what is deployed, and run nothing of it. */
const alone: readonly BenchName[] = ['bundles'];

const help = `Usage: npm run bench [-- ${Object.keys(benches).join('|')} … [--rows=<rows of the table of upsert>]]

Measures Headgate against floors in the same run and prints the ratios. Exits with 1 when a limit is missed.
Takes about ten minutes and 6 GB of disk; run nothing else meanwhile.`;

const wanted = process.argv.slice(2).filter((argument) => argument !== rowsFlag);
if (wanted.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const names = (wanted.length === 0 ? Object.keys(benches) : wanted) as BenchName[];
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}\n\n${help}`);
  process.exit(2);
}

const missed: string[] = [];
{
  await using headgate = names.every((name) => alone.includes(name)) ? null : await startHeadgate();
  for (const name of names) {
    const result: BenchResult = await benches[name](headgate as RunningHeadgate);
    console.log(`\n${result.title}`);
    for (const { what, value } of result.figures) console.log(`  ${what.padEnd(56)} ${value}`);
    missed.push(...result.missed);
  }
}
console.log(missed.length === 0 ? '\nAll limits kept.' : `\nMissed: ${missed.join('; ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;
