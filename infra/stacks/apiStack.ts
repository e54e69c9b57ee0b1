import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpLambdaAuthorizer,
  HttpLambdaResponseType,
} from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { docsRouteKey } from '../../shared/api/docsPage.ts';
import { type ApiFunction, gatewayPath, routeKey } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import type { FunctionName } from '../../shared/env.ts';
import { locksIndex, sourcesIndex } from '../../shared/table.ts';
import { acknowledge } from '../acknowledge.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { FunctionFactory, type FunctionOptions } from '../constructs/functionFactory.ts';
import type { HeadgateFunction } from '../constructs/headgateFunction.ts';
import {
  allowInvoke,
  allowList,
  allowNotFound,
  allowNotifySecrets,
  allowObjects,
  allowSecrets,
  allowStart,
  allowStop,
  allowTable,
  allowTokens,
  stateMachineArn,
} from '../grants.ts';
import { namesOf } from '../names.ts';
import { peopleEnvironment } from '../peopleEnvironment.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './dataStack.ts';
import type { EventStack } from './eventStack.ts';
import type { IngestStack } from './ingestStack.ts';

export interface ApiStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly ingest: IngestStack;
  readonly events: EventStack;
  readonly code: FunctionCode;
}

type Handlers = { readonly [Name in ApiFunction]: HeadgateFunction<Name> };

/** The HTTP API: a route per operation, a handler per group of operations, one authorizer. */
export class ApiStack extends Stack {
  /** Of the HTTP API, without a scheme. */
  readonly host: string;
  readonly #props: ApiStackProps;
  readonly #functions: FunctionFactory;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    this.#props = props;
    this.#functions = new FunctionFactory(this, props);
    const { settings, data } = props;
    const api = new apigateway.HttpApi(this, 'Api', {
      apiName: namesOf(settings.stage).prefix,
      description: `Headgate ${settings.stage}`,
      createDefaultStage: false,
    });
    this.#stage(api);

    const authorizer = this.#make('authorizer', 'Turns a bearer token into tenant and role', {
      environment: {
        TABLE_NAME: data.table.tableName,
        ADMIN_TOKEN_SECRET_ARN: data.adminToken.secretArn,
        ...peopleEnvironment(settings),
      },
      timeout: Duration.seconds(10),
    });
    allowTokens(authorizer, data);
    authorizer.allow(
      'AdminToken',
      ['secretsmanager:GetSecretValue'],
      [data.exportValue(data.adminToken.secretArn)],
    );
    const bearer = new HttpLambdaAuthorizer('Bearer', authorizer, {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // A revoked token is refused at once.
      resultsCacheTtl: Duration.seconds(0),
      identitySource: [],
    });

    const handlers = this.#handlers();
    const integrations = new Map(
      Object.entries(handlers).map(([name, handler]) => [
        name,
        new HttpLambdaIntegration(name, handler, { scopePermissionToRoute: false }),
      ]),
    );
    const known = new Set<string>();
    for (const route of routes) {
      // Operations on one file share a route, and the function tells them apart.
      if (known.has(routeKey(route))) continue;
      known.add(routeKey(route));
      const integration = integrations.get(route.function);
      if (integration === undefined) throw new Error(`${route.operationId}: no ${route.function}`);
      const isPublic = 'public' in route;
      const added = api.addRoutes({
        path: gatewayPath(route),
        methods: [apigateway.HttpMethod[route.method]],
        integration,
        ...(isPublic ? {} : { authorizer: bearer }),
      });
      if (isPublic)
        for (const item of added)
          acknowledge(item, 'AwsSolutions-APIG4', `${route.operationId} is public on purpose`);
    }

    const [page] = api.addRoutes({
      path: docsRouteKey.replace('GET ', ''),
      methods: [apigateway.HttpMethod.GET],
      integration: new HttpLambdaIntegration('docs', handlers.apiCatalog, {
        scopePermissionToRoute: false,
      }),
    });
    if (page !== undefined)
      acknowledge(
        page,
        'AwsSolutions-APIG4',
        'The page shows the public description and holds no data',
      );

    // Without an identity source, a request without a token reaches the API, which answers with a problem
    // document; API Gateway's own 401 cannot be one. Left out, as it is documented, and not an empty list.
    for (const child of api.node.findAll())
      if (child instanceof apigateway.CfnAuthorizer)
        child.addPropertyDeletionOverride('IdentitySource');

    this.host = `${api.apiId}.execute-api.${this.region}.${this.urlSuffix}`;
    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint, description: 'For `headgate login`' });
  }

  #stage(api: apigateway.HttpApi): void {
    const { settings } = this.#props;
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      logGroupName: `/aws/vendedlogs/apis/${namesOf(settings.stage).prefix}`,
      retention: settings.logDays as logs.RetentionDays,
      removalPolicy: settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const fields = {
      requestId: '$context.requestId',
      ip: '$context.identity.sourceIp',
      route: '$context.routeKey',
      status: '$context.status',
      milliseconds: '$context.responseLatency',
      error: '$context.integrationErrorMessage',
      authorizerError: '$context.authorizer.error',
    };
    new apigateway.HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: 200, burstLimit: 400 },
      detailedMetricsEnabled: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(fields)),
      },
    });
  }

  #handlers(): Handlers {
    const { settings, data, ingest, events } = this.#props;
    const { stage } = settings;
    const names = namesOf(stage);
    const TABLE_NAME = data.table.tableName;
    const STATE_MACHINE_ARN = stateMachineArn(this, stage);

    const preview = this.#make('preview', 'Reads rows of tables for a preview', {
      environment: { TABLE_NAME, LAKE_BUCKET: data.lake.bucketName },
      memoryMegabytes: 1769,
    });
    allowTable(preview, data, {});
    allowObjects(preview, data, data.lake, 'read', ['lake/data/', 'lake/metadata/']);
    allowNotFound(preview, data, data.lake);

    const apiCatalog = this.#make('apiCatalog', 'Connectors, health, the OpenAPI document', {
      environment: { TABLE_NAME, STAGE: stage },
    });
    allowTable(apiCatalog, data, { indexes: [sourcesIndex, locksIndex] });
    apiCatalog.allow(
      'Metrics',
      ['cloudwatch:GetMetricData'],
      ['*'],
      'Reading metrics takes no resource; only numbers of our own functions are asked for',
    );

    const apiSources = this.#make('apiSources', 'Sources, their credentials and schedules', {
      environment: {
        TABLE_NAME,
        INGEST_FUNCTION_PREFIX: names.ingestFunctionPrefix,
        SCHEDULE_GROUP: ingest.scheduleGroup,
        SCHEDULE_ROLE_ARN: ingest.scheduleRole.roleArn,
        SCHEDULE_TARGET_ARN: ingest.scheduleTrigger.functionArn,
        SCHEDULE_DLQ_ARN: ingest.scheduleDlq.queueArn,
        SECRET_PREFIX: names.secretPrefix,
        ALLOWED_ADDRESSES: settings.allowedAddresses.join(','),
      },
    });
    allowTable(apiSources, data, { also: ['write', 'writeMany'], indexes: [sourcesIndex] });
    allowInvoke(
      apiSources,
      'Connectors',
      ingest.ingestFunctions.map(({ functionArn }) => ingest.exportValue(functionArn)),
    );
    // Writes secrets and never reads one: credentials go in and do not come out.
    allowSecrets(apiSources, stage, [
      'secretsmanager:CreateSecret',
      'secretsmanager:PutSecretValue',
      'secretsmanager:DescribeSecret',
      'secretsmanager:TagResource',
      'secretsmanager:DeleteSecret',
    ]);
    this.#allowSchedules(apiSources);

    const apiRuns = this.#make('apiRuns', 'Runs: start, list, log, cancel', {
      environment: { TABLE_NAME, STATE_MACHINE_ARN, LAKE_BUCKET: data.lake.bucketName },
    });
    allowObjects(apiRuns, data, data.lake, 'read', ['runs/']);
    allowList(apiRuns, data, data.lake, 'runs/');
    allowTable(apiRuns, data, { also: ['write'], indexes: [sourcesIndex] });
    allowStart(apiRuns, stage);
    allowStop(apiRuns, stage);

    const apiFiles = this.#make('apiFiles', 'Uploads and files', {
      environment: {
        TABLE_NAME,
        LANDING_BUCKET: data.landing.bucketName,
        STATE_MACHINE_ARN,
        MAX_UPLOAD_BYTES: String(settings.maxUploadBytes),
      },
    });
    allowTable(apiFiles, data, { also: ['write'], indexes: [sourcesIndex] });
    allowObjects(apiFiles, data, data.landing, 'read', ['landing/', '_uploads/']);
    allowObjects(apiFiles, data, data.landing, 'upload', ['landing/', '_uploads/']);
    // Files that are not what they say; and delete markers before those that are restored.
    allowObjects(apiFiles, data, data.landing, 'deleteVersions', ['landing/', '_uploads/']);
    allowNotFound(apiFiles, data, data.landing);
    allowStart(apiFiles, stage);
    allowStop(apiFiles, stage);

    const apiTables = this.#make('apiTables', 'Tables, previews, rejects', {
      environment: { TABLE_NAME, PREVIEW_FUNCTION: preview.functionName },
    });
    allowTable(apiTables, data, { indexes: [sourcesIndex] });
    allowInvoke(apiTables, 'Preview', [preview.functionArn]);

    const apiTokens = this.#make('apiTokens', 'Tokens, sign-in, the audit trail', {
      environment: { TABLE_NAME, ...peopleEnvironment(settings) },
    });
    allowTable(apiTokens, data, { also: ['write'] });

    const apiEvents = this.#make('apiEvents', 'Events, and who is told of them', {
      environment: {
        TABLE_NAME,
        LIVE_URL: events.liveUrl,
        NOTIFY_SECRET_PREFIX: names.notifySecretPrefix,
        DELIVERIES_URL: events.deliveries.queueUrl,
      },
    });
    allowTable(apiEvents, data, { also: ['write'] });
    // Writes the secrets of webhooks and reads none.
    allowNotifySecrets(apiEvents, stage, [
      'secretsmanager:CreateSecret',
      'secretsmanager:DeleteSecret',
      'secretsmanager:TagResource',
    ]);
    apiEvents.allow(
      'Deliveries',
      ['sqs:SendMessage'],
      [events.exportValue(events.deliveries.queueArn)],
    );

    return { apiCatalog, apiSources, apiRuns, apiFiles, apiTables, apiTokens, apiEvents };
  }

  #allowSchedules(apiSources: HeadgateFunction<'apiSources'>): void {
    const { settings, ingest } = this.#props;
    apiSources.allow(
      'Schedules',
      [
        'scheduler:CreateSchedule',
        'scheduler:UpdateSchedule',
        'scheduler:DeleteSchedule',
        'scheduler:GetSchedule',
      ],
      [
        this.formatArn({
          service: 'scheduler',
          resource: 'schedule',
          resourceName: `${namesOf(settings.stage).scheduleGroup}/*`,
        }),
      ],
      'Schedules are made with their sources; limited to the group of this stage',
    );
    apiSources.allow(
      'PassScheduleRole',
      ['iam:PassRole'],
      [ingest.exportValue(ingest.scheduleRole.roleArn)],
      undefined,
      { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    );
  }

  #make<Name extends Exclude<FunctionName, 'ingest'>>(
    name: Name,
    description: string,
    options: FunctionOptions<Name>,
  ): HeadgateFunction<Name> {
    const { apiConcurrency } = this.#props.settings;
    return this.#functions.make(name, description, {
      // API Gateway waits 30 s; a connector that is asked has 25 s.
      timeout: Duration.seconds(29),
      ...(apiConcurrency === 0
        ? {}
        : { reservedConcurrency: apiConcurrency * (name === 'authorizer' ? 2 : 1) }),
      ...options,
    });
  }
}
