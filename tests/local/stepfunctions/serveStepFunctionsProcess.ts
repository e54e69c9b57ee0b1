/**
 * A Step Functions with the ingest machine in a process of its own, to be killed:
 * `node serveStepFunctionsProcess.ts <folder> <dieAtReading> <holdAt>`. Prints its endpoint.
 *
 * `dieAtReading` kills the process at that reading of the clock, which is once or twice in every write of
 * the interpreter; 0 never. `holdAt` names a function whose first call never answers. Calls are appended to
 * `<folder>/calls.jsonl` before the function acts.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStepFunctions } from '../../../local/stepfunctions/openStepFunctions.ts';
import { hostServices } from '../hostServices.ts';
import { fakeFunctions, headgateDefinition, named } from './headgateMachine.ts';
import { memoryStorage } from './memoryStorage.ts';

const [, , folder = '', dieAtReading = '0', holdAt = ''] = process.argv;
const callsFile = join(folder, 'calls.jsonl');
const calls = (): { name: string; payload: Record<string, unknown> }[] =>
  existsSync(callsFile)
    ? readFileSync(callsFile, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];

let held = false;
async function record(name: string, payload: Record<string, unknown>): Promise<number> {
  appendFileSync(callsFile, `${JSON.stringify({ name, payload })}\n`);
  if (name === holdAt && !held) {
    held = true;
    process.stdout.write(`holding ${name}\n`);
    await new Promise(() => undefined);
  }
  const same = calls().filter(
    (call) => call.name === name && call.payload['checkpoint'] === payload['checkpoint'],
  );
  return same.length;
}

const done = { kind: 'DONE', attempt: 1, stagedKey: 's', commits: 1 };
const functions = fakeFunctions({
  async 'ingest-csv_upload'(payload) {
    const call = await record('ingest', payload);
    if (payload['tenant'] === 'failing') throw named('PermanentError', 'no such table');
    switch (payload['checkpoint']) {
      case null:
        if (call === 1) throw named('RetriableError', 'connection reset');
        return { ...done, kind: 'CONTINUE', checkpoint: 1 };
      case 1: {
        const until = new Date(Date.now() + 400).toISOString();
        return { ...done, kind: 'PARK', checkpoint: 2, until, reason: 'quota' };
      }
      default:
        return done;
    }
  },
  async commit(payload) {
    await record('commit', payload);
    return { seq: Number(payload['seq']) + 1 };
  },
  async fail(payload) {
    await record('fail', payload);
    return null;
  },
});

let readings = 0;
const service = openStepFunctions({
  folder,
  invoke: functions.invoke,
  mapStorage: memoryStorage(new Map()),
  random: () => 0,
  now() {
    if (++readings === Number(dieAtReading)) process.kill(process.pid, 'SIGKILL');
    return Date.now();
  },
});
service.createStateMachine({ name: 'ingest', definition: headgateDefinition });
service.onStatusChange(({ detail }) =>
  appendFileSync(join(folder, 'changes.txt'), `${detail.status}\n`),
);
const { endpoint } = await hostServices(service);
service.resume();
process.stdout.write(`${endpoint}\n`);
