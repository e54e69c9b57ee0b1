import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Operation, operation } from '../protocol/jsonService.ts';
import type { LogLine } from './sandbox.ts';

const minuteMilliseconds = 60_000;
/** Older ones are forgotten. */
const keptMinutes = 15 * 24 * 60;

const metricName = z.enum(['Invocations', 'Errors']);
type MetricName = z.infer<typeof metricName>;

/** Sums of what functions did by the minute. */
const getMetricDataInput = z.strictObject({
  /** Seconds since the epoch, as the JSON protocol has them. */
  StartTime: z.number(),
  /** Exclusive. */
  EndTime: z.number(),
  MetricDataQueries: z
    .array(
      z.strictObject({
        Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/),
        MetricStat: z.strictObject({
          Metric: z.strictObject({
            Namespace: z.literal('AWS/Lambda'),
            MetricName: metricName,
            Dimensions: z.tuple([
              z.strictObject({ Name: z.literal('FunctionName'), Value: z.string() }),
            ]),
          }),
          Period: z.int().positive().multipleOf(60),
          Stat: z.literal('Sum'),
        }),
      }),
    )
    .min(1)
    .max(500),
});

export interface FunctionMetrics {
  /** Counts an invocation when the line is the one that ends it. */
  see(line: LogLine): void;
  /** The part of CloudWatch's GetMetricData that Headgate uses; anything else is refused. */
  readonly getMetricData: Operation;
}

/**
 * Lambda's metrics, kept in memory: they begin with each start, and no metric of a failure is ever late. A function that
 * was not called has no values, as on AWS.
 */
export function functionMetrics(): FunctionMetrics {
  const functions = new Map<string, Map<number, Record<MetricName, number>>>();
  return {
    see({ stream, message, functionName, timestamp }) {
      if (stream !== 'platform' || !message.startsWith('REPORT RequestId: ')) return;
      const minutes = functions.get(functionName) ?? new Map();
      functions.set(functionName, minutes);
      const minute = Math.floor(timestamp / minuteMilliseconds);
      const counts = minutes.get(minute) ?? { Invocations: 0, Errors: 0 };
      minutes.set(minute, counts);
      counts.Invocations += 1;
      if (message.includes('\tStatus: error\t')) counts.Errors += 1;
      for (const old of minutes.keys()) {
        if (old >= minute - keptMinutes) break;
        minutes.delete(old);
      }
    },
    getMetricData: operation(
      getMetricDataInput,
      ({ StartTime, EndTime, MetricDataQueries: queries }) => {
        if (StartTime >= EndTime)
          throw new AwsError('ValidationError', 'StartTime must be before EndTime.');
        return {
          MetricDataResults: queries.map(({ Id, MetricStat: { Metric, Period } }) => {
            const sums = new Map<number, number>();
            for (const [minute, counts] of functions.get(Metric.Dimensions[0].Value) ?? []) {
              const seconds = minute * 60;
              if (seconds < Math.floor(StartTime / 60) * 60 || seconds >= EndTime) continue;
              const at = Math.floor(seconds / Period) * Period;
              sums.set(at, (sums.get(at) ?? 0) + counts[Metric.MetricName]);
            }
            const newestFirst = [...sums].sort(([a], [b]) => b - a);
            return {
              Id,
              Label: Metric.MetricName,
              StatusCode: 'Complete',
              Timestamps: newestFirst.map(([at]) => at),
              Values: newestFirst.map(([, value]) => value),
            };
          }),
        };
      },
    ),
  };
}
