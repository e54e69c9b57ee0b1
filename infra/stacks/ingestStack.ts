import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { streamItemPrefix } from '../../shared/runs/streamItem.ts';
import { locksIndex } from '../../shared/table.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { connectorFunctions } from '../constructs/connectorFunctions.ts';
import { DeadLetterQueue } from '../constructs/deadLetterQueue.ts';
import { FunctionFactory } from '../constructs/functionFactory.ts';
import type { Environment, HeadgateFunction } from '../constructs/headgateFunction.ts';
import { IngestStateMachine } from '../constructs/ingestStateMachine.ts';
import {
  allowNotFound,
  allowObjects,
  allowPurge,
  allowStart,
  allowStop,
  allowTable,
  stateMachineArn,
} from '../grants.ts';
import { namesOf } from '../names.ts';
import { sendAlarms } from '../sendAlarms.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './dataStack.ts';

export interface IngestStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly code: FunctionCode;
}

/** What moves rows: the state machine, its functions, and everything that starts it. */
export class IngestStack extends Stack {
  readonly ingestFunctions: readonly lambda.IFunction[];
  readonly scheduleGroup: string;
  readonly scheduleRole: iam.Role;
  readonly scheduleTrigger: lambda.IFunction;
  readonly scheduleDlq: sqs.IQueue;
  readonly #props: IngestStackProps;
  readonly #functions: FunctionFactory;
  readonly #stateMachineArn: string;

  constructor(scope: Construct, id: string, props: IngestStackProps) {
    super(scope, id, props);
    this.#props = props;
    this.#functions = new FunctionFactory(this, props);
    const { settings, data } = props;
    const { stage } = settings;
    this.#stateMachineArn = stateMachineArn(this, stage);
    const tableName = data.table.tableName;
    const starts = { TABLE_NAME: tableName, STATE_MACHINE_ARN: this.#stateMachineArn };

    const ingest = connectorFunctions(this, props);
    this.ingestFunctions = ingest;

    const commit = this.#functions.make('commit', 'Makes a snapshot visible, and ends runs', {
      environment: { ...starts, LAKE_BUCKET: data.lake.bucketName },
      memoryMegabytes: 1024,
      timeout: Duration.minutes(5),
    });
    allowTable(commit, data, { also: ['write'] });
    allowObjects(commit, data, data.lake, 'read', ['lake/metadata/', 'runs/']);
    allowObjects(commit, data, data.lake, 'write', ['lake/metadata/', 'runs/']);
    allowNotFound(commit, data, data.lake);
    allowStart(commit, stage);

    const fail = this.#functions.make('fail', 'Ends a failed run and releases its lock', {
      environment: starts,
    });
    allowTable(fail, data, { also: ['write'] });
    allowStart(fail, stage);

    const { machine } = new IngestStateMachine(this, 'Ingest', {
      settings,
      ingest,
      commit,
      fail,
      data,
    });

    const reaper = this.#reaper({
      ...starts,
      LANDING_BUCKET: data.landing.bucketName,
      LAKE_BUCKET: data.lake.bucketName,
    });
    allowTable(reaper, data, { also: ['write', 'writeMany'], indexes: [locksIndex] });
    // What sources deleted with their data left behind.
    allowPurge(reaper, data, data.landing, ['landing/', '_uploads/']);
    allowPurge(reaper, data, data.lake, ['lake/data/', 'lake/metadata/', 'runs/']);
    allowStart(reaper, stage);
    allowStop(reaper, stage);

    const fileArrival = this.#fileArrival({
      ...starts,
      LANDING_BUCKET: data.landing.bucketName,
    });
    allowTable(fileArrival, data, { also: ['write'] });
    allowObjects(fileArrival, data, data.landing, 'read', ['landing/']);
    allowStart(fileArrival, stage);
    allowStop(fileArrival, stage);

    this.#glueMirror();

    const { trigger, dlq, role, group } = this.#schedules(starts);
    allowTable(trigger, data, { also: ['write'] });
    allowStart(trigger, stage);
    allowStop(trigger, stage);
    this.scheduleTrigger = trigger;
    this.scheduleDlq = dlq;
    this.scheduleRole = role;
    this.scheduleGroup = group;

    new cloudwatch.Alarm(this, 'RunsFailed', {
      alarmDescription: 'Runs failed; their errors are in the API and in the function logs',
      metric: machine.metricFailed({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    sendAlarms(this, settings);
  }

  #reaper(environment: Environment<'reaper'>): HeadgateFunction<'reaper'> {
    const dlq = new DeadLetterQueue(this, 'ReaperDlq', 'wake-ups of the reaper');
    const reaper = this.#functions.make(
      'reaper',
      'Ends runs whose lease is over, starts what waits, removes the data of deleted sources and files',
      {
        environment,
      },
    );
    reaper.configureAsyncInvoke({ onFailure: new SqsDestination(dlq), retryAttempts: 2 });
    const target = new targets.LambdaFunction(reaper, { deadLetterQueue: dlq, retryAttempts: 3 });
    new events.Rule(this, 'ReaperEveryFewMinutes', {
      schedule: events.Schedule.rate(Duration.minutes(3)),
      targets: [target],
    });
    new events.Rule(this, 'ExecutionEnded', {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: [this.#stateMachineArn],
        },
      },
      targets: [target],
    });
    return reaper;
  }

  #fileArrival(environment: Environment<'fileArrival'>): HeadgateFunction<'fileArrival'> {
    const { data } = this.#props;
    const dlq = new DeadLetterQueue(this, 'FileArrivalDlq', 'events of dropped files');
    const queue = new sqs.Queue(this, 'FileArrivals', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's time-out, as Lambda asks for.
      visibilityTimeout: Duration.minutes(6),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: dlq, maxReceiveCount: 5 },
    });
    new events.Rule(this, 'FileDropped', {
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [data.landing.bucketName] },
          object: { key: [{ prefix: 'landing/' }] },
        },
      },
      targets: [new targets.SqsQueue(queue, { deadLetterQueue: dlq, retryAttempts: 185 })],
    });
    const fileArrival = this.#functions.make(
      'fileArrival',
      'Records dropped files and asks for runs',
      {
        environment,
      },
    );
    fileArrival.addEventSource(
      new sources.SqsEventSource(queue, {
        batchSize: 100,
        maxBatchingWindow: Duration.seconds(1),
        maxConcurrency: 10,
        reportBatchItemFailures: true,
      }),
    );
    return fileArrival;
  }

  #glueMirror(): void {
    const { data } = this.#props;
    const dlq = new DeadLetterQueue(this, 'GlueMirrorDlq', 'table pointers for Glue');
    const mirror = this.#functions.make('glueMirror', 'Tells the Glue catalogue of new snapshots', {
      environment: { LAKE_BUCKET: data.lake.bucketName, GLUE_DATABASE: data.glueDatabase },
      timeout: Duration.minutes(2),
    });
    allowObjects(mirror, data, data.lake, 'read', ['lake/metadata/']);
    allowNotFound(mirror, data, data.lake);
    // What snapshots that expired left behind, once the catalogue names a newer one.
    allowObjects(mirror, data, data.lake, 'delete', ['lake/metadata/', 'lake/data/']);
    mirror.allow(
      'Glue',
      ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable', 'glue:DeleteTable'],
      [
        this.formatArn({ service: 'glue', resource: 'catalog' }),
        this.formatArn({ service: 'glue', resource: 'database', resourceName: data.glueDatabase }),
        this.formatArn({
          service: 'glue',
          resource: 'table',
          resourceName: `${data.glueDatabase}/*`,
        }),
      ],
      'Tables are made with their streams; limited to the database of this stage',
    );
    mirror.addEventSource(
      new sources.DynamoEventSource(data.table as dynamodb.ITable, {
        startingPosition: lambda.StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        maxBatchingWindow: Duration.seconds(1),
        bisectBatchOnError: true,
        retryAttempts: 10,
        reportBatchItemFailures: true,
        onFailure: new sources.SqsDlq(dlq),
        filters: [
          lambda.FilterCriteria.filter({
            dynamodb: { Keys: { sk: { S: lambda.FilterRule.beginsWith(streamItemPrefix) } } },
          }),
        ],
      }),
    );
  }

  #schedules(environment: Environment<'scheduleTrigger'>) {
    const { settings } = this.#props;
    const names = namesOf(settings.stage);
    const dlq = new DeadLetterQueue(this, 'ScheduleDlq', 'firings of schedules');
    const trigger = this.#functions.make('scheduleTrigger', 'Asks for the run of a schedule', {
      environment,
    });
    trigger.configureAsyncInvoke({ onFailure: new SqsDestination(dlq), retryAttempts: 2 });
    new scheduler.CfnScheduleGroup(this, 'Schedules', { name: names.scheduleGroup });
    const role = new iam.Role(this, 'ScheduleRole', {
      description: 'What schedules of sources may do: invoke the schedule trigger',
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    new iam.Policy(this, 'ScheduleRolePolicy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: [trigger.functionArn],
        }),
        new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [dlq.queueArn] }),
      ],
    });
    return { trigger, dlq, role, group: names.scheduleGroup };
  }
}
