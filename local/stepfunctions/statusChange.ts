import { randomUUID } from 'node:crypto';
import { localAccount } from '../localService.ts';
import type { Ending, Execution, ExecutionStatus } from './executions.ts';

/**
 * What EventBridge gets when an execution starts or ends.
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export interface StatusChangeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'Step Functions Execution Status Change';
  readonly source: 'aws.states';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly executionArn: string;
    readonly stateMachineArn: string;
    readonly name: string;
    readonly status: ExecutionStatus;
    /** Milliseconds since the epoch. */
    readonly startDate: number;
    readonly stopDate: number | null;
    readonly input: string;
    readonly output: string | null;
    readonly error: string | null;
    readonly cause: string | null;
    readonly inputDetails: { readonly included: boolean };
    readonly outputDetails: { readonly included: boolean } | null;
  };
}

export function statusChangeEvent(
  execution: Execution,
  status: ExecutionStatus,
  ending: Ending | null,
  now: number,
): StatusChangeEvent {
  const failed = ending !== null && ending.status !== 'SUCCEEDED' ? ending : null;
  const output = ending?.status === 'SUCCEEDED' ? ending.output : null;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: localAccount.accountId,
    time: `${new Date(now).toISOString().slice(0, 19)}Z`,
    region: localAccount.region,
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: execution.machineArn,
      name: execution.name,
      status,
      startDate: execution.startedAt,
      stopDate: ending === null ? null : now,
      input: execution.input,
      output,
      error: failed?.error ?? null,
      cause: failed?.cause ?? null,
      inputDetails: { included: true },
      outputDetails: output === null ? null : { included: true },
    },
  };
}

/** The ending of an execution that is stored, or null while it runs. */
export function endingOf(execution: Execution): Ending | null {
  const { status, output, error, cause } = execution;
  if (status === 'RUNNING') return null;
  if (status === 'SUCCEEDED') return { status, output: output ?? 'null' };
  return { status, error, cause };
}
