// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation
import { describe, expect, it } from 'vitest';
import { readAssembly } from '../../../local/assembly/readAssembly.ts';
import { writeAssembly } from './writeAssembly.ts';

type Resources = Readonly<Record<string, object>>;
const read = (Resources: Resources, rest: object = {}) =>
  readAssembly(writeAssembly({ app: { Resources, ...rest } }));

const lambda = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: 'worker',
    Code: { S3Bucket: 'b', S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    ...properties,
  },
});

describe('a function', () => {
  it('has its code, settings and what happens to events it fails on', () => {
    const [found] = read({
      Table: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: {
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        },
      },
      Dlq: { Type: 'AWS::SQS::Queue' },
      Fn: {
        ...lambda({
          Timeout: 60,
          MemorySize: 512,
          ReservedConcurrentExecutions: 5,
          Environment: { Variables: { TABLE_NAME: { Ref: 'Table' } } },
        }),
        Metadata: { 'headgate:isolation': 'process' },
      },
      Invoke: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Fn' },
          Qualifier: '$LATEST',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dlq', 'Arn'] } } },
        },
      },
    }).functions;
    expect(found).toEqual({
      name: 'worker',
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker',
      codeFolder: expect.stringMatching(/asset\.code$/),
      handler: 'index.handler',
      environment: { TABLE_NAME: 'app-Table' },
      timeoutSeconds: 60,
      memoryMegabytes: 512,
      isolation: 'process',
      reservedConcurrency: 5,
      maximumRetryAttempts: 1,
      onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:app-Dlq',
    });
  });

  it('without an asset is an error with its place', () => {
    expect(() => read({ Fn: lambda({ Code: { S3Key: 'gone.zip' } }) })).toThrow(
      /app\/Fn: there is no asset gone\.zip/,
    );
  });

  it('in another language is an error', () => {
    expect(() => read({ Fn: lambda({ Runtime: 'python3.13' }) })).toThrow(/app\/Fn[\s\S]*Runtime/);
  });
});

describe('storage', () => {
  it('is described by what the embedded services have to know', () => {
    const { tables, buckets, queues, secrets, scheduleGroups, glueDatabases } = read({
      Table: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: {
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          AttributeDefinitions: [
            { AttributeName: 'pk', AttributeType: 'S' },
            { AttributeName: 'sk', AttributeType: 'N' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'by-sk',
              KeySchema: [{ AttributeName: 'sk', KeyType: 'HASH' }],
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
          ],
          TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
          StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        },
      },
      Landing: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          VersioningConfiguration: { Status: 'Enabled' },
          NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
          CorsConfiguration: {
            CorsRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['PUT'], MaxAge: 60 }],
          },
          LifecycleConfiguration: {
            Rules: [
              { Status: 'Enabled', Prefix: 'runs/', ExpirationInDays: 30 },
              { Status: 'Disabled', ExpirationInDays: 1 },
            ],
          },
        },
      },
      Dlq: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 1_209_600 } },
      Queue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          VisibilityTimeout: 360,
          RedrivePolicy: {
            deadLetterTargetArn: { 'Fn::GetAtt': ['Dlq', 'Arn'] },
            maxReceiveCount: 5,
          },
        },
      },
      Token: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          Name: 'admin/token',
          GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
        },
      },
      Group: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'group' } },
      Database: {
        Type: 'AWS::Glue::Database',
        Properties: { CatalogId: { Ref: 'AWS::AccountId' }, DatabaseInput: { Name: 'lake' } },
      },
    });
    expect(tables).toEqual([
      {
        name: 'app-Table',
        arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/app-Table',
        partitionKey: { attribute: 'pk', type: 'S' },
        sortKey: { attribute: 'sk', type: 'N' },
        indexes: [
          {
            name: 'by-sk',
            partitionKey: { attribute: 'sk', type: 'N' },
            sortKey: null,
            projection: 'KEYS_ONLY',
            nonKeyAttributes: [],
          },
        ],
        ttlAttribute: 'expiresAt',
        streamViewType: 'NEW_AND_OLD_IMAGES',
      },
    ]);
    expect(buckets).toEqual([
      {
        name: 'app-landing',
        versioned: true,
        eventBridge: true,
        cors: [
          {
            origins: ['*'],
            methods: ['PUT'],
            allowedHeaders: [],
            exposedHeaders: [],
            maxAgeSeconds: 60,
          },
        ],
        lifecycle: [
          { prefix: 'runs/', expireDays: 30, expireNoncurrentDays: null, abortMultipartDays: null },
        ],
      },
    ]);
    expect(queues[1]).toEqual({
      name: 'app-Queue',
      arn: 'arn:aws:sqs:us-east-1:000000000000:app-Queue',
      visibilityTimeoutSeconds: 360,
      retentionSeconds: 345_600,
      redrive: {
        deadLetterArn: 'arn:aws:sqs:us-east-1:000000000000:app-Dlq',
        maxReceiveCount: 5,
      },
    });
    expect(secrets[0]).toMatchObject({
      name: 'admin/token',
      arn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:admin/token',
      initial: { generateLength: 48 },
    });
    expect(scheduleGroups).toEqual([{ name: 'group' }]);
    expect(glueDatabases).toEqual([{ name: 'lake', description: '' }]);
  });
});

describe('a state machine', () => {
  const machine = (definition: string, substitutions: object) =>
    read({
      Fn: lambda(),
      Machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: {
          StateMachineName: 'ingest',
          DefinitionString: definition,
          DefinitionSubstitutions: substitutions,
        },
      },
    }).stateMachines;

  it('has its placeholders filled in', () => {
    expect(machine('{"StartAt":"${Arn}"}', { Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] } })).toEqual([
      {
        name: 'ingest',
        arn: 'arn:aws:states:us-east-1:000000000000:stateMachine:ingest',
        definition: '{"StartAt":"arn:aws:lambda:us-east-1:000000000000:function:worker"}',
      },
    ]);
  });

  it('with a placeholder that has no value is an error', () => {
    expect(() => machine('{"StartAt":"${Other}"}', {})).toThrow(/app\/Machine.*\$\{Other\}/);
  });
});

describe('what delivers events', () => {
  it('is described with its filters, retries and dead letters', () => {
    const { eventSourceMappings, rules } = read({
      Dlq: { Type: 'AWS::SQS::Queue' },
      Queue: { Type: 'AWS::SQS::Queue' },
      Table: {
        Type: 'AWS::DynamoDB::GlobalTable',
        Properties: {
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        },
      },
      Fn: lambda(),
      FromQueue: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
          FunctionName: { Ref: 'Fn' },
          BatchSize: 100,
          MaximumBatchingWindowInSeconds: 1,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          ScalingConfig: { MaximumConcurrency: 10 },
        },
      },
      FromTable: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
          FunctionName: { Ref: 'Fn' },
          BatchSize: 10,
          BisectBatchOnFunctionError: true,
          MaximumRetryAttempts: 3,
          StartingPosition: 'TRIM_HORIZON',
          FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] },
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Dlq', 'Arn'] } } },
        },
      },
      Dropped: {
        Type: 'AWS::Events::Rule',
        Properties: {
          State: 'ENABLED',
          EventPattern: { source: ['aws.s3'] },
          Targets: [
            {
              Id: 'Target0',
              Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
              DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Dlq', 'Arn'] } },
              RetryPolicy: { MaximumRetryAttempts: 7 },
            },
          ],
        },
      },
    });
    const sqs = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
    expect(eventSourceMappings).toEqual([
      {
        source: { kind: 'queue', arn: sqs('app-Queue') },
        functionName: 'worker',
        batchSize: 100,
        windowSeconds: 1,
        filters: [],
        reportsBatchItemFailures: true,
        maximumConcurrency: 10,
      },
      {
        source: {
          kind: 'tableStream',
          table: 'app-Table',
          startingPosition: 'TRIM_HORIZON',
          bisectOnError: true,
          retryAttempts: 3,
          onFailureArn: sqs('app-Dlq'),
        },
        functionName: 'worker',
        batchSize: 10,
        windowSeconds: 0,
        filters: ['{"a":[1]}'],
        reportsBatchItemFailures: false,
        maximumConcurrency: null,
      },
    ]);
    expect(rules).toEqual([
      {
        name: 'app-Dropped',
        arn: 'arn:aws:events:us-east-1:000000000000:rule/app-Dropped',
        eventPattern: { source: ['aws.s3'] },
        scheduleExpression: null,
        targets: [{ arn: sqs('app-Queue'), deadLetterArn: sqs('app-Dlq'), retryAttempts: 7 }],
      },
    ]);
  });

  it('is refused when a target would be run otherwise than on AWS', () => {
    expect(() =>
      read({
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            ScheduleExpression: 'rate(1 minute)',
            Targets: [{ Id: 'T', Arn: 'arn:aws:sqs:::q', InputPath: '$.detail' }],
          },
        },
      }),
    ).toThrow(/app\/Rule \(AWS::Events::Rule\)[\s\S]*InputPath/);
  });
});

describe('a resource', () => {
  it('of a type nobody knows is an error with its place', () => {
    expect(() => read({ Cache: { Type: 'AWS::ElastiCache::CacheCluster' } })).toThrow(
      'app/Cache: the embedded AWS does not know AWS::ElastiCache::CacheCluster',
    );
  });

  it('whose condition does not hold is left out', () => {
    const app = read(
      { Queue: { Type: 'AWS::SQS::Queue', Condition: 'Never' } },
      { Conditions: { Never: { 'Fn::Equals': [1, 2] } } },
    );
    expect(app.queues).toEqual([]);
  });

  it('that only permits, encrypts, logs or alarms is passed over', () => {
    expect(read({ Role: { Type: 'AWS::IAM::Role' } }).functions).toEqual([]);
  });
});
