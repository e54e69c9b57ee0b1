import { Duration, type Stack } from 'aws-cdk-lib';
import type { ApiFunction } from '../../shared/api/route.ts';
import type { FunctionName } from '../../shared/env.ts';
import { locksIndex, sourcesIndex } from '../../shared/table.ts';
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
import type { EventStack } from '../stacks/eventStack.ts';
import type { IngestStack } from '../stacks/ingestStack.ts';
import { type FactoryProps, FunctionFactory, type FunctionOptions } from './functionFactory.ts';
import type { HeadgateFunction } from './headgateFunction.ts';

export interface ApiFunctionsProps extends FactoryProps {
  readonly ingest: IngestStack;
  readonly events: EventStack;
}

type ApiHandlers = { readonly [Name in ApiFunction]: HeadgateFunction<Name> };

/** Makes the functions behind the HTTP API, each with what it is told and what it may do. */
export class ApiFunctions {
  readonly #stack: Stack;
  readonly #props: ApiFunctionsProps;
  readonly #functions: FunctionFactory;

  constructor(stack: Stack, props: ApiFunctionsProps) {
    this.#stack = stack;
    this.#props = props;
    this.#functions = new FunctionFactory(stack, props);
  }

  authorizer(): HeadgateFunction<'authorizer'> {
    const { settings, data } = this.#props;
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
    return authorizer;
  }

  /** One per group of operations; and the function that one of them asks for previews. */
  handlers(): ApiHandlers {
    const { settings, data, ingest, events } = this.#props;
    const { stage } = settings;
    const names = namesOf(stage);
    const TABLE_NAME = data.table.tableName;
    const STATE_MACHINE_ARN = stateMachineArn(this.#stack, stage);

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
        this.#stack.formatArn({
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
