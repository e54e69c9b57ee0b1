import { randomUUID } from 'node:crypto';
import { localAccount } from '../localService.ts';
import type { Execution, ExecutionStatus } from './executions.ts';

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

/** The event of an execution's stored status. */
export const statusChangeEvent = (execution: Execution, now: number): StatusChangeEvent => ({
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
    status: execution.status,
    startDate: execution.startedAt,
    stopDate: execution.stoppedAt,
    input: execution.input,
    output: execution.output,
    error: execution.error,
    cause: execution.cause,
    inputDetails: { included: true },
    outputDetails: execution.output === null ? null : { included: true },
  },
});
