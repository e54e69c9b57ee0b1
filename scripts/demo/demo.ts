import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { startHeadgate } from '../../local/start.ts';
import { type HomeSettings, homeSettings } from '../homeSettings.ts';
import { type DemoApi, type DemoRun, demoApi } from './demoApi.ts';
import { type DemoSource, demoSources } from './demoSources.ts';
import { textTable } from './textTable.ts';

const help = `Usage: npm run demo [-- --once]

Boots Headgate from the template that "npm run deploy" deploys, uploads five real files, loads them into
Iceberg tables and shows what became of every row. Stays up until ctrl-c.

  --once   end after the table: exit code 0, or 1 if a source did not reconcile

Environment: HEADGATE_PORT (8787), HEADGATE_HOME (.headgate), HEADGATE_TOKEN`;

interface Outcome {
  readonly source: DemoSource;
  readonly run: DemoRun;
  readonly seconds: number;
  readonly rejects: Awaited<ReturnType<DemoApi['rejects']>>;
  readonly problems: readonly string[];
}

const number = (value: number): string => value.toLocaleString('en-US');

async function load(api: DemoApi, source: DemoSource): Promise<Outcome> {
  const started = performance.now();
  const name = basename(source.path);
  await api.ensureSource(source);
  if (!(await api.hasFile(source.key, name))) await api.upload(source.key, source.path);
  const run = await api.run(source.key, (rows) => show(`  ${source.key}: ${number(rows)} rows …`));
  show('');
  const rejects = run.counts.rejected > 0 ? await api.rejects(source.key) : [];
  return {
    source,
    run,
    seconds: run.durationSeconds ?? (performance.now() - started) / 1000,
    rejects,
    problems: problemsOf(source, run),
  };
}

/** What is wrong with an outcome; the numbers are known facts about the files. */
function problemsOf(
  source: DemoSource,
  { status, result, error, counts }: DemoRun,
): readonly string[] {
  const problems: string[] = [];
  if (status !== 'succeeded') problems.push(error?.message ?? `the run ended as ${status}`);
  if (counts.read !== counts.written + counts.rejected + counts.deduplicated)
    problems.push(
      `read ${counts.read}, accounted for ${counts.written + counts.rejected + counts.deduplicated}`,
    );
  if (result !== 'loaded') return problems;
  if (counts.written !== source.written)
    problems.push(`wrote ${counts.written} rows, the file has ${source.written}`);
  if (counts.rejected !== source.rejected)
    problems.push(`rejected ${counts.rejected} rows, the file has ${source.rejected} bad ones`);
  return problems;
}

/** One line that is written over, on a terminal only. */
function show(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[2K${text}`);
}

function report(outcomes: readonly Outcome[]): boolean {
  console.log(
    `\n${textTable(
      [
        { title: 'source' },
        { title: 'read', align: 'right' },
        { title: 'written', align: 'right' },
        { title: 'rejected', align: 'right' },
        { title: 'duration', align: 'right' },
        { title: 'outcome' },
      ],
      outcomes.map(({ source, run, seconds, problems }) => [
        `${source.key} (${basename(source.path)})`,
        number(run.counts.read),
        number(run.counts.written),
        number(run.counts.rejected),
        `${seconds.toFixed(1)} s`,
        problems.length > 0 ? problems.join('; ') : (run.result ?? run.status).replace('_', ' '),
      ]),
    )}\n`,
  );
  for (const { source, rejects } of outcomes)
    for (const reject of rejects)
      console.log(
        `${source.key}: rejected line ${reject['line']} of ${reject['_source_file']}: ${reject['reason']}\n    ${reject['row_text']}`,
      );
  const failed = outcomes.filter(({ problems }) => problems.length > 0);
  if (outcomes.every(({ run, problems }) => run.result === 'nothing_new' && problems.length === 0))
    console.log('nothing new: every file was loaded before, and none was loaded twice.');
  else if (failed.length === 0)
    console.log('All reconcile: every row read is in a table or in the rejects.');
  else console.log(`${failed.length} of ${outcomes.length} sources did not reconcile.`);
  const cost = outcomes.reduce((sum, { run }) => sum + run.costUsd, 0);
  console.log(
    `On AWS these runs would have cost about $${cost.toFixed(4)} (functions and state transitions, us-east-1); idle costs nothing.`,
  );
  return failed.length === 0;
}

/** The kept token is read from its file; one that was given is asked for. */
const nextSteps = (url: string, { home, token }: HomeSettings): string => `
Three things to try next, in another terminal:
  1. Upload a file of your own:   npm run headgate -- login ${url}${token === undefined ? ` --token-stdin < "${home}/token"` : ''} && npm run headgate -- upload FILE.csv
  2. Drop a file and see it load: mkdir -p "${home}/drop/orders" && cp FILE.csv "${home}/drop/orders/"
  3. Kill it and start again:     kill -9 ${process.pid} && npm run demo   (nothing is lost, nothing is doubled; state is in ${home})
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const settings = homeSettings(process.env);
  const headgate = await startHeadgate(settings);
  try {
    const api = demoApi(headgate.url, headgate.token, AbortSignal.timeout(10 * 60_000));
    const outcomes: Outcome[] = [];
    for (const source of demoSources) outcomes.push(await load(api, source));
    const reconciles = report(outcomes);
    if (values.once) return reconciles ? 0 : 1;
    console.log(nextSteps(headgate.url, settings));
    await headgate.stopped;
    return 0;
  } finally {
    await headgate.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
