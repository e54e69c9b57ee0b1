import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';

/** What one function did in a period. */
export interface FunctionCounts {
  readonly name: string;
  readonly invocations: number;
  /** Invocations that ended with an error of the function: what it threw, a timeout, a lack of memory. */
  readonly failures: number;
}

/** Counts of the functions of these names, in the given order; one that was not called has zeros. */
export type CountFunctions = (
  names: readonly string[],
  period: { readonly from: Date; readonly to: Date },
  signal: AbortSignal,
) => Promise<readonly FunctionCounts[]>;

const metrics = ['Invocations', 'Errors'] as const;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html: 500 metrics in a request. */
const namesAtOnce = 250;
const periodSeconds = 3600;

/**
 * Asks CloudWatch for Lambda's own metrics, in sums by the hour. They are a minute or two late.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export const cloudWatchCounts =
  (client: CloudWatchClient): CountFunctions =>
  async (names, { from, to }, signal) => {
    const counts: FunctionCounts[] = [];
    for (let start = 0; start < names.length; start += namesAtOnce) {
      const some = names.slice(start, start + namesAtOnce);
      const sums = new Map<string, number>();
      let NextToken: string | undefined;
      do {
        const answer = await client.send(
          new GetMetricDataCommand({
            StartTime: from,
            EndTime: to,
            MetricDataQueries: some.flatMap((name, index) =>
              metrics.map((metric) => queryOf(name, index, metric)),
            ),
            NextToken,
          }),
          { abortSignal: signal },
        );
        for (const { Id = '', Values = [] } of answer.MetricDataResults ?? [])
          for (const value of Values) sums.set(Id, (sums.get(Id) ?? 0) + value);
        NextToken = answer.NextToken;
      } while (NextToken !== undefined);
      counts.push(
        ...some.map((name, index) => ({
          name,
          invocations: sums.get(idOf(index, 'Invocations')) ?? 0,
          failures: sums.get(idOf(index, 'Errors')) ?? 0,
        })),
      );
    }
    return counts;
  };

/** Ids begin with a small letter. */
const idOf = (index: number, metric: (typeof metrics)[number]): string =>
  `${metric.toLowerCase()}${index}`;

const queryOf = (
  name: string,
  index: number,
  metric: (typeof metrics)[number],
): MetricDataQuery => ({
  Id: idOf(index, metric),
  MetricStat: {
    Metric: {
      Namespace: 'AWS/Lambda',
      MetricName: metric,
      Dimensions: [{ Name: 'FunctionName', Value: name }],
    },
    Period: periodSeconds,
    Stat: 'Sum',
  },
});
