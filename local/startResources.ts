import { randomBytes, randomUUID } from 'node:crypto';
import type { Assembly, TableDescription } from './assembly/assembly.ts';
import { localAccount } from './localService.ts';
import type { Services } from './startServices.ts';

/**
 * Makes what the template names, or brings what is there to what it says; data is never touched. Functions get
 * `environment` beside what the template gives them.
 */
export function createResources(
  services: Services,
  assembly: Assembly,
  environment: Readonly<Record<string, string>> = {},
): void {
  for (const table of assembly.tables) services.dynamoDb.createTable(tableOf(table));
  for (const bucket of assembly.buckets)
    services.s3.createBucket(bucket.name, {
      ...(bucket.versioned ? { versioned: true } : {}),
      cors: bucket.cors.map((rule) => ({
        allowedOrigins: rule.origins,
        allowedMethods: rule.methods,
        allowedHeaders: rule.allowedHeaders,
        exposedHeaders: rule.exposedHeaders,
        maxAgeSeconds: rule.maxAgeSeconds,
      })),
      lifecycle: bucket.lifecycle.map((rule) => ({
        prefix: rule.prefix,
        ...(rule.expireDays === null ? {} : { expireAfterDays: rule.expireDays }),
        ...(rule.expireNoncurrentDays === null
          ? {}
          : { expireNoncurrentAfterDays: rule.expireNoncurrentDays }),
        ...(rule.abortMultipartDays === null
          ? {}
          : { abortUploadsAfterDays: rule.abortMultipartDays }),
      })),
    });
  // A queue's redrive policy names another queue, which has to be there first.
  for (const withRedrive of [false, true])
    for (const queue of assembly.queues) {
      if ((queue.redrive !== null) !== withRedrive) continue;
      services.sqs.createQueue({
        QueueName: queue.name,
        Attributes: {
          VisibilityTimeout: String(queue.visibilityTimeoutSeconds),
          MessageRetentionPeriod: String(queue.retentionSeconds),
          ...(queue.redrive === null
            ? {}
            : {
                RedrivePolicy: JSON.stringify({
                  deadLetterTargetArn: queue.redrive.deadLetterArn,
                  maxReceiveCount: queue.redrive.maxReceiveCount,
                }),
              }),
        },
      });
    }
  for (const { name } of assembly.scheduleGroups) services.scheduler.createGroup(name);
  for (const function_ of assembly.functions)
    services.lambda.register({
      ...function_,
      environment: { ...function_.environment, ...environment },
    });
  for (const { name, arn, definition } of assembly.stateMachines)
    services.stepFunctions.createStateMachine({ name, arn, definition });
}

/**
 * As above, for services that are reached by their protocol only; the endpoint must be listening. The generated
 * value of the secret `adminTokenSecret` is the given token, anew with each start.
 */
export async function createRemoteResources(
  endpoint: string,
  assembly: Assembly,
  adminTokenSecret: string,
  adminToken: string,
  signal: AbortSignal,
): Promise<void> {
  const call = callService(endpoint, signal);
  for (const { name, description, initial } of assembly.secrets) {
    const isAdminToken = name === adminTokenSecret;
    const SecretString = isAdminToken
      ? adminToken
      : 'value' in initial
        ? initial.value
        : randomBytes(initial.generateLength).toString('hex').slice(0, initial.generateLength);
    const created = await call(
      'secretsmanager.CreateSecret',
      { Name: name, Description: description, SecretString, ClientRequestToken: randomUUID() },
      'ResourceExistsException',
    );
    if (!created && isAdminToken)
      await call('secretsmanager.PutSecretValue', {
        SecretId: name,
        SecretString,
        ClientRequestToken: randomUUID(),
      });
  }
  for (const { name, description } of assembly.glueDatabases)
    await call(
      'AWSGlue.CreateDatabase',
      { DatabaseInput: { Name: name, Description: description } },
      'AlreadyExistsException',
    );
}

/**
 * One AWS JSON request, without the SDK: loading two clients would take a quarter of the start's time. The
 * embedded services check who asks and verify no signature.
 */
const callService =
  (endpoint: string, signal: AbortSignal) =>
  /** Answers false when the service answered with the error that is expected. */
  async (target: string, input: object, expected?: string): Promise<boolean> => {
    const service = target.split('.')[0]?.toLowerCase().replace('aws', '');
    const scope = `${localAccount.accessKeyId}/20260101/${localAccount.region}/${service}/aws4_request`;
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': target,
      },
      body: JSON.stringify(input),
      signal,
    });
    const answer = await response.text();
    if (response.ok) return true;
    if (expected !== undefined && answer.includes(expected)) return false;
    throw new Error(`${target}: ${response.status} ${answer}`);
  };

function tableOf(table: TableDescription) {
  type Keys = Pick<TableDescription, 'partitionKey' | 'sortKey'>;
  const keySchema = ({ partitionKey, sortKey }: Keys) => [
    { AttributeName: partitionKey.attribute, KeyType: 'HASH' },
    ...(sortKey === null ? [] : [{ AttributeName: sortKey.attribute, KeyType: 'RANGE' }]),
  ];
  const types = new Map(
    [table, ...table.indexes].flatMap(({ partitionKey, sortKey }) =>
      [partitionKey, sortKey].flatMap((key) => (key === null ? [] : [[key.attribute, key.type]])),
    ) as [string, string][],
  );
  return {
    TableName: table.name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(table),
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    ...(table.indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: table.indexes.map((index) => ({
            IndexName: index.name,
            KeySchema: keySchema(index),
            Projection: {
              ProjectionType: index.projection,
              ...(index.nonKeyAttributes.length === 0
                ? {}
                : { NonKeyAttributes: [...index.nonKeyAttributes] }),
            },
          })),
        }),
    ...(table.streamViewType === null
      ? {}
      : {
          StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamViewType },
        }),
    ...(table.ttlAttribute === null ? {} : { timeToLiveAttribute: table.ttlAttribute }),
  };
}
