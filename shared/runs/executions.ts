import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { ExecutionInput } from './ingestProtocol.ts';
import type { LockItem, LockSeat } from './lockItem.ts';

/** Executions of the ingest state machine. An execution is named after its run. */
export interface Executions {
  /** Starts the run's execution; one that was started before is left as it is. */
  start(input: ExecutionInput): Promise<void>;
  /** Stops it if it runs. A function it is waiting for goes on until it notices that its lock is gone. */
  stop(runId: string, reason: string): Promise<void>;
  describe(runId: string): Promise<'running' | 'ended' | 'missing'>;
}

/** `stateMachineArn` is the machine's ARN; the executions' ARNs follow from it. */
export function stepFunctionsExecutions(client: SFNClient, stateMachineArn: string): Executions {
  const arnOf = (runId: string): string =>
    `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start(input) {
      try {
        await client.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: input.runId,
            input: JSON.stringify(input),
          }),
        );
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
    async stop(runId, reason) {
      try {
        await client.send(
          new StopExecutionCommand({ executionArn: arnOf(runId), error: 'Stopped', cause: reason }),
        );
      } catch (error) {
        if (!(error instanceof ExecutionDoesNotExist)) throw error;
      }
    },
    async describe(runId) {
      try {
        const { status } = await client.send(
          new DescribeExecutionCommand({ executionArn: arnOf(runId) }),
        );
        return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'running' : 'ended';
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return 'missing';
        throw error;
      }
    },
  };
}

/** What starts the execution of the run that sits on the lock. */
export const executionInputOf = (
  lock: Pick<LockItem, 'tenant' | 'sourceId' | 'token'>,
  seat: LockSeat,
): ExecutionInput => ({
  v: 1,
  tenant: lock.tenant,
  sourceId: lock.sourceId,
  runId: seat.runId,
  token: lock.token,
  connector: seat.connector,
  seq: 1,
  checkpoint: null,
});
