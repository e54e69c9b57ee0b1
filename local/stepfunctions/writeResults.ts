import * as z from 'zod';
import type { Json } from '../../shared/json.ts';
import type { MapState } from './definition.ts';
import type { Walk } from './engine.ts';
import type { Execution, ExecutionStatus } from './executions.ts';
import type { MapRun } from './mapRuns.ts';
import type { MapStorage } from './mapStorage.ts';
import { maxPayloadBytes } from './payload.ts';
import { evaluateIn } from './stateBindings.ts';
import { StateError } from './stateError.ts';

type Transformation = 'NONE' | 'COMPACT' | 'FLATTEN';

const writerArguments = z.strictObject({ Bucket: z.string(), Prefix: z.string().default('') });
const ended: readonly ExecutionStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'];

/**
 * The result of a distributed Map: its children's outputs in order, or, with a ResultWriter, where they
 * were written. Rejects with States.ResultWriterFailed, and States.DataLimitExceeded when the outputs are
 * too large to be handed on.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 */
export async function collectResults(walk: Walk, state: MapState, mapRun: MapRun): Promise<Json> {
  const { engine } = walk.run;
  const writer = state.ResultWriter;
  if (writer?.Resource !== undefined) {
    if (!engine.mapStorage)
      throw new StateError('States.ResultWriterFailed', 'there is no storage to write to');
    const args = writerArguments.safeParse(
      await evaluateIn(walk, writer.Arguments ?? {}, 'ResultWriter/Arguments'),
    );
    if (!args.success)
      throw new StateError('States.ResultWriterFailed', z.prettifyError(args.error));
    return await exportResults(walk, state, mapRun, engine.mapStorage, args.data);
  }
  const transformation = writer?.WriterConfig?.Transformation ?? 'COMPACT';
  const results: Json[] = [];
  let bytes = 0;
  for (const child of engine.mapRuns.results(mapRun.arn, ended))
    for (const result of resultsOf(child, transformation)) {
      bytes += Buffer.byteLength(JSON.stringify(result));
      if (bytes > maxPayloadBytes)
        throw new StateError(
          'States.DataLimitExceeded',
          `The outputs of the Map '${walk.frame.state}' are larger than ${maxPayloadBytes} bytes; use a ResultWriter.`,
        );
      results.push(result);
    }
  return results;
}

/** One object per outcome and a manifest that names them, below `<prefix>/<map run>/`. */
async function exportResults(
  walk: Walk,
  state: MapState,
  mapRun: MapRun,
  storage: MapStorage,
  { Bucket, Prefix }: z.infer<typeof writerArguments>,
): Promise<Json> {
  const { mapRuns } = walk.run.engine;
  const config = state.ResultWriter?.WriterConfig;
  const { OutputType = 'JSON', Transformation = 'NONE' } = config ?? {};
  const folder = [Prefix.replace(/\/$/, ''), mapRun.arn.split(':').at(-1)]
    .filter((part) => part !== '')
    .join('/');
  const files: Record<string, Json[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
  const outcomes = {
    SUCCEEDED: ['SUCCEEDED'],
    FAILED: ['FAILED', 'TIMED_OUT', 'ABORTED'],
  } as const;
  try {
    for (const [name, statuses] of Object.entries(outcomes)) {
      const results = mapRuns.results(mapRun.arn, statuses);
      const parts = serialize(results, Transformation, OutputType);
      const first = parts.next();
      if (first.done) continue;
      const key = `${folder}/${name}_0.${OutputType === 'JSON' ? 'json' : 'jsonl'}`;
      const body = chain(first.value, parts);
      const size = await storage.write({ bucket: Bucket, key }, body, walk.signal);
      files[name]?.push({ Key: key, Size: size });
    }
    const manifest = { DestinationBucket: Bucket, MapRunArn: mapRun.arn, ResultFiles: files };
    const key = `${folder}/manifest.json`;
    await storage.write({ bucket: Bucket, key }, [JSON.stringify(manifest)], walk.signal);
    return { MapRunArn: mapRun.arn, ResultWriterDetails: { Bucket, Key: key } };
  } catch (error) {
    if (error instanceof StateError || walk.signal.aborted) throw error;
    throw new StateError(
      'States.ResultWriterFailed',
      error instanceof Error ? error.message : String(error),
    );
  }
}

/** Nothing at all when there are no results, so that no empty object is written. */
function* serialize(
  children: Iterable<Execution>,
  transformation: Transformation,
  outputType: 'JSON' | 'JSONL',
): Generator<string, void> {
  let count = 0;
  for (const child of children)
    for (const result of resultsOf(child, transformation)) {
      const lead = outputType === 'JSONL' ? '' : count === 0 ? '[' : ',';
      yield `${lead}${JSON.stringify(result)}${outputType === 'JSONL' ? '\n' : ''}`;
      count++;
    }
  if (count > 0 && outputType === 'JSON') yield ']';
}

function* chain(first: string, rest: Iterable<string>): Iterable<string> {
  yield first;
  yield* rest;
}

/** What one child adds to the results; a failed one is always described as a whole. */
function resultsOf(child: Execution, transformation: Transformation): readonly Json[] {
  if (child.status !== 'SUCCEEDED' || transformation === 'NONE') return [describeChild(child)];
  const output: Json = JSON.parse(child.output ?? 'null');
  return transformation === 'FLATTEN' && Array.isArray(output)
    ? (output as readonly Json[])
    : [output];
}

const describeChild = (child: Execution): Json => ({
  ExecutionArn: child.arn,
  Input: child.input,
  InputDetails: { Included: true },
  Name: child.name,
  ...(child.output === null ? {} : { Output: child.output, OutputDetails: { Included: true } }),
  ...(child.error === null ? {} : { Error: child.error }),
  ...(child.cause === null ? {} : { Cause: child.cause }),
  RedriveCount: 0,
  RedriveStatus: 'NOT_REDRIVABLE',
  StartDate: new Date(child.startedAt).toISOString(),
  StateMachineArn: child.machineArn,
  Status: child.status,
  ...(child.stoppedAt === null ? {} : { StopDate: new Date(child.stoppedAt).toISOString() }),
});
