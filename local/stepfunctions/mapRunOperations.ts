import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import type { Engine } from './engine.ts';
import type { MapRun } from './mapRuns.ts';

/** What can be asked of distributed Maps. */
export function mapRunOperations({ executions, mapRuns }: Engine): Record<string, Operation> {
  const dates = ({ startedAt, stoppedAt }: MapRun): object => ({
    startDate: startedAt / 1000,
    ...(stoppedAt === null ? {} : { stopDate: stoppedAt / 1000 }),
  });
  return {
    DescribeMapRun: operation(z.strictObject({ mapRunArn: z.string() }), (input) => {
      const mapRun = mapRuns.get(input.mapRunArn);
      if (!mapRun)
        throw new AwsError('ResourceNotFound', `Map Run Does Not Exist: '${input.mapRunArn}'`);
      const counts = mapRuns.counts(mapRun.arn);
      const described = {
        pending: counts.PENDING,
        running: counts.RUNNING,
        succeeded: counts.SUCCEEDED,
        failed: counts.FAILED,
        timedOut: counts.TIMED_OUT,
        aborted: counts.ABORTED,
        total: Object.values(counts).reduce((sum, count) => sum + count, 0),
        resultsWritten: 0,
      };
      return {
        mapRunArn: mapRun.arn,
        executionArn: mapRun.executionArn,
        status: mapRun.status,
        ...dates(mapRun),
        maxConcurrency: mapRun.maxConcurrency,
        toleratedFailureCount: mapRun.toleratedCount ?? 0,
        toleratedFailurePercentage: mapRun.toleratedPercentage ?? 0,
        itemCounts: described,
        executionCounts: described,
      };
    }),

    ListMapRuns: operation(
      z.strictObject({
        executionArn: z.string(),
        maxResults: z.int().optional(),
        nextToken: z.string().optional(),
      }),
      (input) => {
        const execution = executions.get(input.executionArn);
        if (!execution)
          throw new AwsError(
            'ExecutionDoesNotExist',
            `Execution Does Not Exist: '${input.executionArn}'`,
          );
        return {
          mapRuns: mapRuns.list(execution.arn).map((mapRun) => ({
            executionArn: execution.arn,
            mapRunArn: mapRun.arn,
            stateMachineArn: execution.machineArn,
            ...dates(mapRun),
          })),
        };
      },
    ),
  };
}
