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
import { gatewayPath, routeKey } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import { acknowledge } from '../acknowledge.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import { ApiFunctions } from '../constructs/apiFunctions.ts';
import { namesOf } from '../names.ts';
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

/** The HTTP API: a route per operation, a handler per group of operations, one authorizer. */
export class ApiStack extends Stack {
  /** Of the HTTP API, without a scheme. */
  readonly host: string;
  readonly #props: ApiStackProps;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    this.#props = props;
    const { settings } = props;
    const api = new apigateway.HttpApi(this, 'Api', {
      apiName: namesOf(settings.stage).prefix,
      description: `Headgate ${settings.stage}`,
      createDefaultStage: false,
    });
    this.#stage(api);

    const functions = new ApiFunctions(this, props);
    const bearer = new HttpLambdaAuthorizer('Bearer', functions.authorizer(), {
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // A revoked token is refused at once.
      resultsCacheTtl: Duration.seconds(0),
      identitySource: [],
    });

    const handlers = functions.handlers();
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
}
