import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../shared/env.ts';
import { acknowledge } from '../acknowledge.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { HeadgateFunction } from './headgateFunction.ts';

const stageName = 'live';

/**
 * The WebSocket API. Anybody may connect, and hears nothing before a message with a valid token: that message is checked
 * by the function behind it, because what stands in a URL or a header is logged on the way.
 */
export class LiveApi extends Construct {
  readonly #api: apigateway.WebSocketApi;

  constructor(scope: Construct, id: string, { settings }: { readonly settings: Settings }) {
    super(scope, id);
    this.#api = new apigateway.WebSocketApi(this, 'Api', {
      apiName: `${namesOf(settings.stage).prefix}-live`,
      description: `Headgate ${settings.stage}: events as they happen`,
    });
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/vendedlogs/apis/${namesOf(settings.stage).prefix}-live`,
      retention: settings.logDays as logs.RetentionDays,
      removalPolicy: settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    new apigateway.WebSocketStage(this, 'Stage', {
      webSocketApi: this.#api,
      stageName,
      autoDeploy: true,
      throttle: { rateLimit: 200, burstLimit: 400 },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            ip: '$context.identity.sourceIp',
            route: '$context.routeKey',
            event: '$context.eventType',
            status: '$context.status',
            connectionId: '$context.connectionId',
          }),
        ),
      },
    });
  }

  /** Where clients connect to. */
  get url(): string {
    return `wss://${this.#host()}/${stageName}`;
  }

  /** Where messages to connections are posted. */
  get socketsUrl(): string {
    return `https://${this.#host()}/${stageName}`;
  }

  /** All messages, and connections that come and go, to one function. */
  answerWith(handler: lambda.IFunction): void {
    for (const key of ['$connect', '$disconnect', '$default']) {
      const word = key.slice(1);
      const route = this.#api.addRoute(key, {
        integration: new WebSocketLambdaIntegration(`${word}Integration`, handler),
      });
      acknowledge(
        route,
        'AwsSolutions-APIG4',
        'The first message holds the token, and its function checks it; nothing is told before',
      );
    }
  }

  /** May post to connections, and close them. */
  allowSockets(function_: HeadgateFunction<FunctionName>): void {
    const stack = Stack.of(this);
    function_.allow(
      'Sockets',
      ['execute-api:ManageConnections'],
      [
        stack.formatArn({
          service: 'execute-api',
          resource: this.#api.apiId,
          resourceName: `${stageName}/*/@connections/*`,
        }),
      ],
      'Connections have no names known beforehand; limited to those of this WebSocket API',
    );
  }

  #host(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `${this.#api.apiId}.execute-api.${region}.${urlSuffix}`;
  }
}
