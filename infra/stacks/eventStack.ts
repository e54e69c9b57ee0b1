import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { eventfulSortKeys } from '../../shared/events/eventfulSortKeys.ts';
import type { EventName } from '../../shared/events.ts';
import { locksIndex } from '../../shared/table.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { DeadLetterQueue } from '../constructs/deadLetterQueue.ts';
import { FunctionFactory } from '../constructs/functionFactory.ts';
import { LiveApi } from '../constructs/liveApi.ts';
import { allowNotifySecrets, allowTable } from '../grants.ts';
import { namesOf } from '../names.ts';
import { peopleEnvironment } from '../peopleEnvironment.ts';
import { sendAlarms } from '../sendAlarms.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './dataStack.ts';

export interface EventStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly code: FunctionCode;
}

/** What tells people and programs what happens: the log of events, the WebSocket, the bus. */
export class EventStack extends Stack {
  /** `wss://…` */
  readonly liveUrl: string;
  /** Deliveries to webhooks. */
  readonly deliveries: sqs.Queue;
  readonly #props: EventStackProps;
  readonly #functions: FunctionFactory;

  constructor(scope: Construct, id: string, props: EventStackProps) {
    super(scope, id, props);
    this.#props = props;
    this.#functions = new FunctionFactory(this, props);
    const { settings } = props;
    const live = new LiveApi(this, 'Live', { settings });
    this.liveUrl = live.url;
    this.#publisher(live);
    this.#webSocket(live);
    this.deliveries = this.#webhooks();
    this.#alerts(this.deliveries);
    new CfnOutput(this, 'LiveUrl', { value: live.url, description: 'WebSocket of live events' });
    sendAlarms(this, settings);
  }

  #publisher(live: LiveApi): void {
    const { data, settings } = this.#props;
    const dlq = new DeadLetterQueue(this, 'EventPublisherDlq', 'changes that could not be told');
    const { eventSource } = namesOf(settings.stage);
    const publisher = this.#functions.make('eventPublisher', 'Tells what happens', {
      environment: {
        TABLE_NAME: data.table.tableName,
        SOCKETS_URL: live.socketsUrl,
        EVENT_SOURCE: eventSource,
      },
    });
    allowTable(publisher, data, { also: ['write'] });
    live.allowSockets(publisher);
    publisher.allow(
      'Bus',
      ['events:PutEvents'],
      [this.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
      undefined,
      { StringEquals: { 'events:source': eventSource } },
    );
    publisher.addEventSource(
      new sources.DynamoEventSource(data.table as dynamodb.ITable, {
        startingPosition: lambda.StartingPosition.LATEST,
        batchSize: 100,
        bisectBatchOnError: true,
        retryAttempts: 10,
        reportBatchItemFailures: true,
        onFailure: new sources.SqsDlq(dlq),
        filters: [
          lambda.FilterCriteria.filter({
            dynamodb: {
              Keys: {
                sk: {
                  S: [
                    ...eventfulSortKeys.prefixes.map((prefix) => ({ prefix })),
                    ...eventfulSortKeys.whole,
                  ],
                },
              },
            },
          }),
        ],
      }),
    );
  }

  #webSocket(live: LiveApi): void {
    const { data, settings } = this.#props;
    const webSocket = this.#functions.make('webSocket', 'Answers WebSocket connections', {
      environment: {
        TABLE_NAME: data.table.tableName,
        SOCKETS_URL: live.socketsUrl,
        ADMIN_TOKEN_SECRET_ARN: data.adminToken.secretArn,
        ...peopleEnvironment(settings),
      },
      // API Gateway waits 29 s for a WebSocket's integration.
      timeout: Duration.seconds(29),
    });
    allowTable(webSocket, data, { also: ['write'] });
    live.allowSockets(webSocket);
    webSocket.allow(
      'AdminToken',
      ['secretsmanager:GetSecretValue'],
      [data.exportValue(data.adminToken.secretArn)],
    );
    live.answerWith(webSocket as lambda.IFunction);
  }

  #webhooks(): sqs.Queue {
    const { data, settings } = this.#props;
    const names = namesOf(settings.stage);
    const dlq = new DeadLetterQueue(this, 'WebhookDlq', 'events for webhooks');
    const queue = new sqs.Queue(this, 'WebhookDeliveries', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's time-out, as Lambda asks for.
      visibilityTimeout: Duration.minutes(6),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: dlq, maxReceiveCount: 5 },
    });
    new events.Rule(this, 'EventsForWebhooks', {
      eventPattern: { source: [names.eventSource] },
      targets: [new targets.SqsQueue(queue, { deadLetterQueue: dlq, retryAttempts: 185 })],
    });
    const webhooks = this.#functions.make('webhooks', 'Tells webhooks what happens', {
      environment: {
        TABLE_NAME: data.table.tableName,
        NOTIFY_SECRET_PREFIX: names.notifySecretPrefix,
        DELIVERIES_URL: queue.queueUrl,
        ALLOWED_ADDRESSES: settings.allowedAddresses.join(','),
      },
    });
    allowTable(webhooks, data, { also: ['write'] });
    allowNotifySecrets(webhooks, settings.stage, ['secretsmanager:GetSecretValue']);
    webhooks.allow('Deliveries', ['sqs:SendMessage'], [queue.queueArn]);
    webhooks.addEventSource(
      new sources.SqsEventSource(queue, {
        batchSize: 10,
        maxConcurrency: 10,
        reportBatchItemFailures: true,
      }),
    );
    return queue;
  }

  #alerts(deliveries: sqs.Queue): void {
    const { data, settings } = this.#props;
    const topic = new sns.Topic(this, 'AlertTopic', {
      displayName: 'Headgate',
      enforceSSL: true,
      masterKey: data.key as kms.IKey,
    });
    for (const address of settings.alertEmails)
      topic.addSubscription(new EmailSubscription(address));
    const dlq = new DeadLetterQueue(this, 'AlertDlq', 'events that alerts are made of');
    const alerts = this.#functions.make('alerts', 'Tells when sources need somebody', {
      environment: {
        TABLE_NAME: data.table.tableName,
        DELIVERIES_URL: deliveries.queueUrl,
        ALERT_TOPIC_ARN: topic.topicArn,
      },
    });
    allowTable(alerts, data, { also: ['write'], indexes: [locksIndex] });
    alerts.allow('Topic', ['sns:Publish'], [topic.topicArn]);
    alerts.allow(
      'TopicKey',
      ['kms:Decrypt', 'kms:GenerateDataKey'],
      [data.exportValue(data.key.keyArn)],
      undefined,
      { StringEquals: { 'kms:ViaService': `sns.${this.region}.amazonaws.com` } },
    );
    alerts.allow('Deliveries', ['sqs:SendMessage'], [deliveries.queueArn]);
    alerts.configureAsyncInvoke({ onFailure: new SqsDestination(dlq), retryAttempts: 2 });
    const target = new targets.LambdaFunction(alerts, { deadLetterQueue: dlq, retryAttempts: 10 });
    const told: readonly EventName[] = [
      'sync_succeeded',
      'sync_failed',
      'schema_drift',
      'source_changed',
    ];
    new events.Rule(this, 'EventsForAlerts', {
      eventPattern: {
        source: [namesOf(settings.stage).eventSource],
        detailType: [...told],
      },
      targets: [target],
    });
    new events.Rule(this, 'LookForStaleSources', {
      schedule: events.Schedule.rate(Duration.minutes(5)),
      targets: [target],
    });
    new CfnOutput(this, 'AlertTopicArn', {
      value: topic.topicArn,
      description: 'SNS topic of alerts; subscribe to it',
    });
  }
}
