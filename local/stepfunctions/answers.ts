import type { Json } from '../../shared/json.ts';
import type { Execution } from './executions.ts';
import type { HistoryEvent } from './history.ts';
import type { Machine } from './machines.ts';

/** AWS JSON shows times in seconds since the epoch. */
const seconds = (milliseconds: number): number => milliseconds / 1000;

export const describeMachine = (machine: Machine): object => ({
  stateMachineArn: machine.arn,
  name: machine.name,
  status: 'ACTIVE',
  definition: machine.definition,
  roleArn: machine.roleArn,
  type: 'STANDARD',
  creationDate: seconds(machine.createdAt),
  loggingConfiguration: { level: 'OFF', includeExecutionData: false },
});

export const summarize = (execution: Execution): object => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machineArn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startedAt),
  ...(execution.stoppedAt === null ? {} : { stopDate: seconds(execution.stoppedAt) }),
  ...(execution.mapRunArn === null ? {} : { mapRunArn: execution.mapRunArn }),
  redriveCount: 0,
});

export function describeExecution(
  execution: Execution,
  includedData: 'ALL_DATA' | 'METADATA_ONLY',
): object {
  const { input, output, error, cause } = execution;
  const data =
    includedData === 'METADATA_ONLY'
      ? {}
      : {
          input,
          inputDetails: { included: true },
          ...(output === null ? {} : { output, outputDetails: { included: true } }),
          ...(error === null ? {} : { error }),
          ...(cause === null ? {} : { cause }),
        };
  return {
    ...summarize(execution),
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: 'The embedded Step Functions does not redrive executions',
    ...data,
  };
}

const dataMembers = new Set([
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'parameters',
  'cause',
  'error',
]);

export function describeEvent(event: HistoryEvent, includeData: boolean): object {
  const withoutData = (details: Readonly<Record<string, Json>>): object =>
    Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        name,
        Object.fromEntries(
          Object.entries(value as object).filter(([member]) => !dataMembers.has(member)),
        ),
      ]),
    );
  return {
    id: event.id,
    previousEventId: event.previousId,
    timestamp: seconds(event.at),
    type: event.type,
    ...(includeData || event.details === null ? event.details : withoutData(event.details)),
  };
}
