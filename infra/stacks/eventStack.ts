import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sources from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Construct } from 'constructs';
import { eventfulSortKeys } from '../../shared/events/eventfulSortKeys.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { DeadLetterQueue } from '../constructs/deadLetterQueue.ts';
import { FunctionFactory } from '../constructs/functionFactory.ts';
import { LiveApi } from '../constructs/liveApi.ts';
import { allowTable } from '../grants.ts';
import { namesOf } from '../names.ts';
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
    new CfnOutput(this, 'LiveUrl', { value: live.url, description: 'WebSocket of live events' });
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
    const { data } = this.#props;
    const webSocket = this.#functions.make('webSocket', 'Answers WebSocket connections', {
      environment: {
        TABLE_NAME: data.table.tableName,
        SOCKETS_URL: live.socketsUrl,
        ADMIN_TOKEN_SECRET_ARN: data.adminToken.secretArn,
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
}
