import type { Assembly, EventSourceMappingDescription } from './assembly/assembly.ts';
import { compilePattern, type EventObject } from './events/eventPattern.ts';
import { nameOfFunction } from './lambda/openLambda.ts';
import type { ObjectCreated } from './s3/eventOutbox.ts';
import type { Services } from './startServices.ts';

/**
 * Connects the services as the template says: streams and queues to functions, buckets and the state machine to
 * the event bus, rules to their targets. From here on events flow.
 */
export function startDeliveries(services: Services, assembly: Assembly): void {
  for (const rule of assembly.rules)
    services.events.putRule(
      {
        Name: rule.name,
        ...(rule.eventPattern === null ? {} : { EventPattern: JSON.stringify(rule.eventPattern) }),
        ...(rule.scheduleExpression === null
          ? {}
          : { ScheduleExpression: rule.scheduleExpression }),
      },
      rule.targets.map((target, index) => ({
        Id: `Target${index}`,
        Arn: target.arn,
        RetryPolicy: { MaximumRetryAttempts: target.retryAttempts },
        ...(target.deadLetterArn === null
          ? {}
          : { DeadLetterConfig: { Arn: target.deadLetterArn } }),
      })),
    );
  services.stepFunctions.onStatusChange((event) => {
    services.events.publish({
      source: event.source,
      detailType: event['detail-type'],
      resources: event.resources,
      detail: event.detail,
    });
  });
  for (const { name, eventBridge } of assembly.buckets)
    if (eventBridge)
      services.s3.onObjectCreated(name, async (created) => {
        services.events.publish({
          source: 'aws.s3',
          detailType: 'Object Created',
          resources: [`arn:aws:s3:::${name}`],
          time: new Date(created.eventTime),
          detail: objectCreatedDetail(created),
        });
      });
  for (const mapping of assembly.eventSourceMappings) startMapping(services, mapping);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const reasons: Readonly<Record<ObjectCreated['eventName'], string>> = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
  'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
};

const objectCreatedDetail = (created: ObjectCreated): EventObject => ({
  version: '0',
  bucket: { name: created.bucket },
  object: {
    key: created.key,
    size: created.size,
    etag: created.eTag,
    'version-id': created.versionId,
    sequencer: created.sequencer,
  },
  reason: reasons[created.eventName],
});

function startMapping(services: Services, mapping: EventSourceMappingDescription): void {
  const { source, functionName } = mapping;
  const invoke = async (records: readonly unknown[], signal: AbortSignal): Promise<Failures> =>
    (await services.lambda.invoke(functionName, { Records: records }, { signal })) as Failures;
  if (source.kind === 'queue') {
    services.sqs.consume(source.arn, invoke, {
      batchSize: mapping.batchSize,
      maximumBatchingWindowSeconds: mapping.windowSeconds,
      reportBatchItemFailures: mapping.reportsBatchItemFailures,
      ...(mapping.maximumConcurrency === null
        ? {}
        : { maximumConcurrency: mapping.maximumConcurrency }),
    });
    return;
  }
  const filters = mapping.filters.map(compilePattern);
  const { onFailureArn } = source;
  services.dynamoDb.onStreamRecords(
    source.table,
    async (records, signal) => {
      const answer = await invoke(records, signal);
      return mapping.reportsBatchItemFailures ? answer : undefined;
    },
    {
      consumer: nameOfFunction(functionName),
      batchSize: mapping.batchSize,
      startingPosition: source.startingPosition,
      bisectBatchOnFunctionError: source.bisectOnError,
      ...(source.retryAttempts < 0 ? {} : { maximumRetryAttempts: source.retryAttempts }),
      ...(filters.length === 0
        ? {}
        : {
            filter: (record) => {
              const event = record as unknown as EventObject;
              return filters.some((matches) => matches(event));
            },
          }),
      ...(onFailureArn === null
        ? {}
        : {
            onDiscarded: async (records, error) =>
              services.sqs.send(onFailureArn, JSON.stringify(discarded(source, records, error))),
          }),
    },
  );
}

type Failures =
  | { readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[] }
  | undefined;

/** https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html; with the records, which here no stream keeps. */
const discarded = (
  source: { readonly table: string },
  records: readonly { readonly dynamodb: { readonly SequenceNumber: string } }[],
  error: unknown,
): object => ({
  version: '1.0',
  requestContext: {
    condition: 'RetryAttemptsExhausted',
    message: error instanceof Error ? error.message : String(error),
  },
  DDBStreamBatchInfo: {
    table: source.table,
    startSequenceNumber: records[0]?.dynamodb.SequenceNumber,
    endSequenceNumber: records.at(-1)?.dynamodb.SequenceNumber,
    batchSize: records.length,
  },
  records,
});
