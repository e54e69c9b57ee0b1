import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  ExecutionAlreadyExists,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import { executionArnOf, machineArnOf } from '../../../local/stepfunctions/arns.ts';
import { localClientConfig } from '../hostServices.ts';
import { headgateInput } from './headgateMachine.ts';

const script = fileURLToPath(new URL('serveStepFunctionsProcess.ts', import.meta.url));
const machineArn = machineArnOf('ingest');
const executionArn = executionArnOf(machineArn, 'run-1');
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

interface Served {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Null when the process died before it listened. */
  readonly client: SFNClient | null;
}

async function serve(folder: string, dieAtReading = 0, holdAt = ''): Promise<Served> {
  const child = spawn(process.execPath, [script, folder, String(dieAtReading), holdAt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines: string[] = [];
  const endpoint = await new Promise<string | null>((resolve) => {
    child.once('exit', () => resolve(null));
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith('http')) resolve(line);
      else lines.push(line);
    });
  });
  const client =
    endpoint === null ? null : new SFNClient({ ...localClientConfig, endpoint, maxAttempts: 1 });
  return { child, lines, client };
}

async function kill({ child, client }: Served): Promise<void> {
  client?.destroy();
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** As requestRun does: a start that may have happened already is started again. */
async function start({ client }: Served, input: object = headgateInput): Promise<void> {
  const command = { stateMachineArn: machineArn, name: 'run-1', input: JSON.stringify(input) };
  await client?.send(new StartExecutionCommand(command)).catch((error: unknown) => {
    // The process died on the way, or the execution has come to its end already.
    if (error instanceof ExecutionAlreadyExists) return;
    if ((error as { $response?: unknown }).$response !== undefined) throw error;
  });
}

async function end({ client }: Served): Promise<DescribeExecutionCommandOutput> {
  await expect
    .poll(async () => (await client!.send(new DescribeExecutionCommand({ executionArn }))).status, {
      interval: 20,
      timeout: 15_000,
    })
    .not.toBe('RUNNING');
  return await client!.send(new DescribeExecutionCommand({ executionArn }));
}

async function entered({ client }: Served): Promise<string[]> {
  const { events = [] } = await client!.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
  return events.flatMap((event) => event.stateEnteredEventDetails?.name ?? []);
}

const callsOf = (folder: string): string[] =>
  readFileSync(join(folder, 'calls.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ name, payload }) => `${name} ${payload.seq} ${payload.checkpoint}`);

const path = [
  ...['Ingest', 'Next', 'CommitPart'],
  ...['Ingest', 'Next', 'CommitBeforePark', 'Park'],
  ...['Ingest', 'Next', 'Commit'],
];
/** Without a kill; the first Ingest is tried twice. */
const calls = [
  ...['ingest 1 null', 'ingest 1 null', 'commit 1 null'],
  ...['ingest 2 1', 'commit 2 1'],
  ...['ingest 3 2', 'commit 3 2'],
];
const distinct = (values: readonly string[]): string[] => [...new Set(values)];

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'headgate-sfn-kill-'));

it('goes on after kill -9 in a function, which is called again', async () => {
  for (const holdAt of ['ingest', 'commit']) {
    const folder = newFolder();
    const first = await serve(folder, 0, holdAt);
    await start(first);
    await expect.poll(() => first.lines).toContain(`holding ${holdAt}`);
    const before = callsOf(folder);
    await kill(first);
    const second = await serve(folder);
    expect(await end(second)).toMatchObject({ status: 'SUCCEEDED', output: '{"seq":4}' });
    expect(await entered(second)).toEqual(path);
    const after = callsOf(folder).slice(before.length);
    // The very call that was cut short comes first.
    expect(after[0]).toBe(before.at(-1));
    expect(distinct([...before, ...after])).toEqual(distinct(calls));
    await kill(second);
  }
});

it('goes on after kill -9 while Fail is told', async () => {
  const folder = newFolder();
  const first = await serve(folder, 0, 'fail');
  await start(first, { ...headgateInput, tenant: 'failing' });
  await expect.poll(() => first.lines).toContain('holding fail');
  await kill(first);
  const second = await serve(folder);
  expect(await end(second)).toMatchObject({ status: 'FAILED', error: 'PermanentError' });
  expect(await entered(second)).toEqual(['Ingest', 'Fail', 'Failed']);
  expect(callsOf(folder)).toEqual(['ingest 1 null', 'fail 1 null', 'fail 1 null']);
});

it('keeps the end of a wait over kill -9, and does not park again', async () => {
  const folder = newFolder();
  const first = await serve(folder);
  await start(first);
  await expect.poll(async () => await entered(first), { interval: 10 }).toContain('Park');
  await kill(first);
  const asleep = callsOf(folder);
  const second = await serve(folder);
  expect(await end(second)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await entered(second)).toEqual(path);
  expect(callsOf(folder)).toEqual([...asleep, 'ingest 3 2', 'commit 3 2']);
});

it('comes to the same end whatever write kill -9 falls into', async () => {
  const seed = randomInt(2 ** 31);
  console.log(`kill -9 of Step Functions: seed ${seed}`);
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % limit;
  };
  let died = 0;
  for (let round = 0; round < 4; round++) {
    const folder = newFolder();
    // Two kills per run, each at a reading of the clock anywhere in it.
    for (const kill of [1, 2]) {
      const dying = await serve(folder, 1 + random(kill === 1 ? 70 : 30));
      await start(dying);
      if (dying.client) await Promise.race([once(dying.child, 'exit'), end(dying).catch(() => 0)]);
      if (dying.child.signalCode === 'SIGKILL') died++;
      dying.child.kill('SIGKILL');
      dying.client?.destroy();
    }
    const last = await serve(folder);
    await start(last);
    const ended = await end(last);
    expect(ended, `seed ${seed}, round ${round}`).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"seq":4}',
    });
    expect(await entered(last), `seed ${seed}, round ${round}`).toEqual(path);
    expect(distinct(callsOf(folder)), `seed ${seed}, round ${round}`).toEqual(distinct(calls));
    await expect
      .poll(() => readFileSync(join(folder, 'changes.txt'), 'utf8'))
      .toMatch(/SUCCEEDED\n$/);
    await kill(last);
  }
  expect(died).toBeGreaterThan(0);
});
