import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../shared/log.ts';
import type { InvokeFunction, LocalService } from '../localService.ts';
import { jsonService } from '../protocol/jsonService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { openAnnouncer, type StatusChangeListener } from './announcer.ts';
import { machineArnOf } from './arns.ts';
import { endExecution } from './endExecution.ts';
import type { Engine, Integration } from './engine.ts';
import { type Ending, type Execution, type NewExecution, openExecutions } from './executions.ts';
import { openFrames } from './frames.ts';
import { openHistory } from './history.ts';
import { lambdaFunction, lambdaInvoke } from './lambdaIntegrations.ts';
import { type NewMachine, openMachines } from './machines.ts';
import { openMapRuns } from './mapRuns.ts';
import type { MapStorage } from './mapStorage.ts';
import { openStore } from './openStore.ts';
import { beginExecution, runExecution } from './runExecution.ts';
import { runFlow } from './runFlow.ts';
import { Interrupted } from './stateError.ts';
import { stepFunctionsOperations } from './stepFunctionsOperations.ts';
import { validateDefinition } from './validateDefinition.ts';

export interface StepFunctionsOptions {
  readonly folder: string;
  readonly invoke: InvokeFunction;
  /** By what follows `arn:aws:states:::` in a Resource, e.g. `aws-sdk:s3:headObject`. */
  readonly integrations?: Readonly<Record<string, Integration>>;
  /** Where distributed Maps read items and write results; left out: machines that do are refused. */
  readonly mapStorage?: MapStorage;
  /** Children of a distributed Map that run at a time, whatever its MaxConcurrency says. @default 1,000 */
  readonly mostMapChildren?: number;
  readonly now?: () => number;
  /** Waits and pauses before retries; rejects with the signal's reason. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1): the jitter of retries. */
  readonly random?: () => number;
  readonly log?: Log;
}

export interface LocalStepFunctions extends LocalService {
  /**
   * Creates or changes a machine; running executions keep the definition they began with.
   * Throws InvalidDefinition with every fault and its place.
   */
  createStateMachine(machine: NewMachine): void;
  /** Hears of every start and end, at least once, in order; see `openAnnouncer`. */
  onStatusChange(listener: StatusChangeListener): void;
  /**
   * Goes on with the executions that were running when the process ended, each at the state it was in.
   * Called once, after functions and listeners are there.
   */
  resume(): void;
}

/** AWS runs up to 10,000 children at a time; more than this gains nothing on one machine. */
const defaultMostMapChildren = 1_000;
/** What a distributed Map may name besides, given a storage. */
const mapResources = new Set(['s3:getObject', 's3:listObjectsV2', 's3:putObject']);
const arnPrefix = /^arn:aws[^:]*:states:::/;
const functionArn = /^arn:aws[^:]*:lambda:[^:]*:[^:]*:function:/;

/** Step Functions on this machine: Standard workflows in JSONata, stored before they act. */
export function openStepFunctions(options: StepFunctionsOptions): LocalStepFunctions {
  const {
    invoke,
    now = Date.now,
    sleep = async (milliseconds, signal) => {
      await pause(milliseconds, undefined, { signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : error;
      });
    },
    random = Math.random,
    log,
  } = options;
  const integrations = new Map(Object.entries(options.integrations ?? {}));
  integrations.set('lambda:invoke', lambdaInvoke(invoke));

  const database = openStore(options.folder, now());
  const machines = openMachines(database);
  const executions = openExecutions(database);
  const announcer = openAnnouncer(executions, now, log);
  const running = new Map<string, { controller: AbortController; ended: Promise<void> }>();

  const engine: Engine = {
    database,
    machines,
    executions,
    frames: openFrames(database),
    history: openHistory(database),
    mapRuns: openMapRuns(database),
    integration: (resource) =>
      functionArn.test(resource)
        ? lambdaFunction(invoke, resource)
        : (integrations.get(resource.replace(arnPrefix, '')) ?? null),
    now,
    sleep,
    random,
    mapStorage: options.mapStorage ?? null,
    mostMapChildren: options.mostMapChildren ?? defaultMostMapChildren,
    execute: async (execution, controller) => await runExecution(engine, execution, controller),
    begin: (execution) => beginExecution(engine, execution),
    walk: runFlow,
    changed: announcer.changed,
    log,
  };
  const resourceExists = (resource: string): boolean =>
    engine.integration(resource) !== null ||
    (engine.mapStorage !== null && mapResources.has(resource.replace(arnPrefix, '')));

  const launch = (execution: Execution): void => {
    const controller = new AbortController();
    const ended = runExecution(engine, execution, controller).finally(() =>
      running.delete(execution.arn),
    );
    running.set(execution.arn, { controller, ended });
  };

  const start = (execution: NewExecution): Execution => {
    const stored = beginExecution(engine, execution);
    announcer.changed(stored.arn);
    launch(stored);
    return stored;
  };

  const stop = (execution: Execution, error: string | null, cause: string | null): void => {
    const ending: Ending = { status: 'ABORTED', error, cause };
    // Stored first: what is being called may answer, and is not heard.
    if (endExecution(engine, execution, ending))
      running.get(execution.arn)?.controller.abort(new Interrupted('stopped'));
  };

  const createStateMachine = ({ name, definition, arn, roleArn }: NewMachine): void => {
    validateDefinition(definition, resourceExists);
    inTransaction(database, () =>
      machines.put({
        arn: arn ?? machineArnOf(name),
        name,
        definition,
        roleArn: roleArn ?? 'arn:aws:iam::000000000000:role/local',
        createdAt: now(),
      }),
    );
  };

  const service = jsonService({
    name: 'stepfunctions',
    target: 'AWSStepFunctions',
    jsonVersion: '1.0',
    operations: stepFunctionsOperations({ engine, start, stop, createStateMachine }),
    close: async () => {
      if (!database.isOpen) return;
      for (const { controller } of running.values()) controller.abort(new Interrupted('closing'));
      await Promise.all([...running.values()].map(async ({ ended }) => await ended));
      await announcer.close();
      database.close();
    },
    log,
  });
  return {
    ...service,
    createStateMachine,
    onStatusChange: announcer.listen,
    resume() {
      announcer.resume();
      for (const execution of executions.running())
        if (!running.has(execution.arn)) launch(execution);
    },
  };
}
