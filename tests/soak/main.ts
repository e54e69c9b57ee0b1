import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mariadbSource } from '../history/mariadbSource.ts';
import { type ModeName, modes, play as playHistory } from '../history/play.ts';
import { postgresSource } from '../history/postgresSource.ts';
import type { SourceDatabase } from '../history/sourceDatabase.ts';
import { seeded } from '../randomness.ts';
import { isExact, play } from '../shared/runs/lockHistory/play.ts';
import { killAtRandom } from './killAtRandom.ts';
import { largeCsv, largeTable } from './largeSources.ts';
import { manyFiles } from './manyFiles.ts';

/** Long proofs. Each prints what it saw and leaves a log under docs/evidence. */
const proofs = {
  lock: async () => {
    const { seed, report, tables, held } = await play(1000);
    const problems = [
      ...report.violations,
      ...tables
        .filter((table) => !isExact(table))
        .map(({ found, wanted }) => `${found.length} rows of ${wanted}`),
      ...(held > 0 ? [`${held} locks are still held`] : []),
    ];
    const { lockWrites, holds, commits } = report;
    return {
      seed,
      runs: 1000,
      lockWrites,
      holds,
      commits,
      rows: tables.map(({ wanted }) => wanted),
      problems,
    };
  },
  history: () => histories(postgresSource),
  'history-mariadb': () => histories(mariadbSource),
  large: async () => {
    const random = seeded('large sources');
    const scale = Number(process.env['SCALE'] ?? 1);
    const csv = await largeCsv(Math.round(105_000_000 * scale), random);
    console.log(JSON.stringify(csv));
    const table = await largeTable(Math.round(50_000_000 * scale), random);
    return { seed: random.seed, csv, table, problems: [...csv.problems, ...table.problems] };
  },
  files: () => manyFiles(Number(process.env['FILES'] ?? 10_000)),
  kill: async () => {
    const random = seeded('kill at random');
    const report = await killAtRandom(50, random);
    return { seed: random.seed, ...report };
  },
} as const;
type ProofName = keyof typeof proofs;

/** `MODES`, separated by `+`, chooses some; `STEPS` and `SEED` are of each. */
async function histories(start: () => Promise<SourceDatabase | null>) {
  const problems: string[] = [];
  const played = [];
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  const steps = Number(process.env['STEPS'] ?? 10_000);
  const chosen = process.env['MODES']?.split('+') ?? Object.keys(modes);
  await using database = await start();
  if (database === null) problems.push('the engine is absent');
  else
    for (const mode of chosen as ModeName[]) {
      const started = Date.now();
      const { problems: found, ...report } = await playHistory(database, mode, steps, { seed });
      const seconds = Math.round((Date.now() - started) / 1000);
      played.push({ ...report, seconds });
      console.log(JSON.stringify(played.at(-1)));
      problems.push(...found.slice(0, 20).map((problem) => `${mode}: ${problem}`));
    }
  return { seed, steps, played, problems };
}

const wanted = process.argv.slice(2);
const names = (wanted.length === 0 ? Object.keys(proofs) : wanted) as ProofName[];
const unknown = names.filter((name) => !(name in proofs));
if (unknown.length > 0) {
  console.error(`Usage: npm run soak [-- ${Object.keys(proofs).join('|')} …]`);
  process.exit(2);
}
const evidence = join(import.meta.dirname, '../../docs/evidence');
mkdirSync(evidence, { recursive: true });
for (const name of names) {
  const started = new Date();
  const report = await proofs[name]();
  const log = [
    `npm run soak -- ${name}`,
    `started ${started.toISOString()}, took ${Math.round((Date.now() - started.getTime()) / 1000)} s`,
    ...Object.entries(report).map(([what, value]) => `${what}: ${JSON.stringify(value)}`),
  ].join('\n');
  console.log(log);
  writeFileSync(join(evidence, `${name}.log`), `${log}\n`);
  if (report.problems.length > 0) process.exitCode = 1;
}
