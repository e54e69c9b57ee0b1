import { randomUUID } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { executionArnOf, newMapRunArn } from './arns.ts';
import type { MapState } from './definition.ts';
import { endExecution } from './endExecution.ts';
import type { Walk } from './engine.ts';
import type { Execution } from './executions.ts';
import { concurrencyOf } from './mapItems.ts';
import type { MapItem, MapRun } from './mapRuns.ts';
import { maxPayloadBytes } from './payload.ts';
import { childInputs } from './readItems.ts';
import { evaluateIn, evaluateInteger } from './stateBindings.ts';
import { Interrupted, StateError } from './stateError.ts';
import { addEvent, write } from './walkEvents.ts';
import { collectResults } from './writeResults.ts';

/**
 * Runs each item (or batch) as a child execution of its own and answers their outputs in order, or where a
 * ResultWriter put them. Items are stored before the first child starts; a restart goes on with those that
 * have not ended.
 */
export async function performDistributedMap(walk: Walk, state: MapState): Promise<Json> {
  const { engine } = walk.run;
  const mapRun = engine.mapRuns.ofFrame(walk.frame.id) ?? (await openMapRun(walk, state));
  try {
    if (!mapRun.itemsRead) await storeItems(walk, state, mapRun);
    await runChildren(walk, state, mapRun);
    const result = await collectResults(walk, state, mapRun);
    write(walk, () => {
      engine.mapRuns.end(mapRun.arn, 'SUCCEEDED', engine.now());
      addEvent(walk, 'MapRunSucceeded');
      addEvent(walk, 'MapStateSucceeded');
    });
    return result;
  } catch (error) {
    if (!walk.signal.aborted) {
      const failure = error instanceof StateError ? error : null;
      write(walk, () => {
        engine.mapRuns.end(mapRun.arn, 'FAILED', engine.now());
        addEvent(walk, 'MapRunFailed', {
          mapRunFailedEventDetails: {
            error: failure?.name ?? 'States.Runtime',
            cause: failure?.cause ?? String(error),
          },
        });
        addEvent(walk, 'MapStateFailed');
      });
    }
    throw error;
  }
}

async function openMapRun(walk: Walk, state: MapState): Promise<MapRun> {
  const { engine, execution } = walk.run;
  const maxConcurrency = await concurrencyOf(walk, state);
  const toleratedCount =
    state.ToleratedFailureCount === undefined
      ? null
      : await evaluateInteger(walk, state.ToleratedFailureCount, 'ToleratedFailureCount', [
          0,
          Number.MAX_SAFE_INTEGER,
        ]);
  const toleratedPercentage = await percentageOf(walk, state);
  return write(walk, () => {
    const mapRun = engine.mapRuns.insert({
      arn: newMapRunArn(execution.machineArn, labelOf(walk, state)),
      executionArn: execution.arn,
      frameId: walk.frame.id,
      maxConcurrency,
      toleratedCount,
      toleratedPercentage,
      startedAt: engine.now(),
    });
    addEvent(walk, 'MapStateStarted', { mapStateStartedEventDetails: { length: 0 } });
    addEvent(walk, 'MapRunStarted', { mapRunStartedEventDetails: { mapRunArn: mapRun.arn } });
    return mapRun;
  });
}

const labelOf = (walk: Walk, state: MapState): string =>
  state.Label ?? walk.frame.state.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 40);

async function percentageOf(walk: Walk, state: MapState): Promise<number | null> {
  if (state.ToleratedFailurePercentage === undefined) return null;
  const field = 'ToleratedFailurePercentage';
  const value = await evaluateIn(walk, state.ToleratedFailurePercentage, field);
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  throw new StateError(
    'States.QueryEvaluationError',
    `The field '${field}' of the state '${walk.frame.state}' must give a number from 0 to 100, not ${JSON.stringify(value)}.`,
    field,
  );
}

/** What a restart found half read is read again: no child has started from it. */
async function storeItems(walk: Walk, state: MapState, { arn }: MapRun): Promise<void> {
  const { engine } = walk.run;
  write(walk, () => engine.mapRuns.clearItems(arn));
  let position = 0;
  const pending: string[] = [];
  const flush = (): void =>
    write(walk, () => {
      for (const input of pending.splice(0)) engine.mapRuns.addItem(arn, position++, input);
    });
  for await (const input of childInputs(walk, state, engine.mapStorage)) {
    const text = JSON.stringify(input);
    if (Buffer.byteLength(text) > maxPayloadBytes)
      throw new StateError(
        'States.DataLimitExceeded',
        `An item of the state '${walk.frame.state}' is larger than ${maxPayloadBytes} bytes.`,
      );
    pending.push(text);
    if (pending.length >= itemsPerTransaction) flush();
  }
  flush();
  write(walk, () => engine.mapRuns.setItemsRead(arn));
}

const itemsPerTransaction = 500;

async function runChildren(walk: Walk, state: MapState, mapRun: MapRun): Promise<void> {
  const { engine, execution } = walk.run;
  const { mapRuns } = engine;
  const { StartAt, States } = state.ItemProcessor;
  const definitionHash = engine.machines.storeDefinition(JSON.stringify({ StartAt, States }));
  const machineArn = `${execution.machineArn}/${labelOf(walk, state)}`;
  const siblings = new AbortController();
  const signal = AbortSignal.any([walk.signal, siblings.signal]);
  const counts = mapRuns.counts(mapRun.arn);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  let failed = counts.FAILED + counts.TIMED_OUT + counts.ABORTED;
  const running = new Set<Execution>();

  const startChild = (item: MapItem): Execution => {
    const name = randomUUID();
    return write(walk, () => {
      const child = engine.begin({
        arn: executionArnOf(machineArn, name),
        machineArn,
        name,
        definitionHash,
        roleArn: execution.roleArn,
        input: item.input,
        startedAt: engine.now(),
        mapRunArn: mapRun.arn,
      });
      mapRuns.startItem(mapRun.arn, item.position, child.arn);
      return child;
    });
  };

  const runChild = async (item: MapItem, child: Execution): Promise<void> => {
    running.add(child);
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await engine.execute(child, controller);
    } finally {
      signal.removeEventListener('abort', abort);
    }
    if (signal.aborted) return;
    running.delete(child);
    const { status } = engine.executions.get(child.arn) ?? { status: 'ABORTED' };
    write(walk, () => mapRuns.endItem(mapRun.arn, item.position, status));
    if (status !== 'SUCCEEDED') failed++;
    if (exceeds(mapRun, failed, total)) siblings.abort(new Interrupted('sibling'));
  };

  const interrupted = mapRuns.interrupted(mapRun.arn).values();
  const worker = async (): Promise<void> => {
    while (!signal.aborted && !exceeds(mapRun, failed, total)) {
      const before = interrupted.next();
      const item = before.done ? mapRuns.nextPending(mapRun.arn) : before.value;
      if (!item) return;
      const known = item.executionArn === null ? null : engine.executions.get(item.executionArn);
      await runChild(item, known ?? startChild(item));
    }
  };
  const most = engine.mostMapChildren;
  const width = Math.min(mapRun.maxConcurrency || most, most, total);
  await Promise.all(Array.from({ length: width }, worker));
  walk.signal.throwIfAborted();
  if (!exceeds(mapRun, failed, total)) return;
  inTransaction(engine.database, () => {
    for (const child of running)
      endExecution(engine, child, { status: 'ABORTED', error: null, cause: null });
    for (const item of mapRuns.interrupted(mapRun.arn))
      mapRuns.endItem(mapRun.arn, item.position, 'ABORTED');
  });
  throw new StateError(
    'States.ExceedToleratedFailureThreshold',
    'The specified tolerated failure threshold was exceeded',
  );
}

/** Without a threshold no failure is tolerated; with two, either suffices. */
function exceeds(
  { toleratedCount, toleratedPercentage }: MapRun,
  failed: number,
  total: number,
): boolean {
  if (toleratedCount === null && toleratedPercentage === null) return failed > 0;
  return (
    (toleratedCount !== null && failed > toleratedCount) ||
    (toleratedPercentage !== null && (failed / total) * 100 > toleratedPercentage)
  );
}
