import * as z from 'zod';
import type { FunctionSettings } from '../lambda/functionSettings.ts';
import type {
  EventSourceMappingDescription,
  RuleDescription,
  StateMachineDescription,
} from './assembly.ts';
import { AssemblyError } from './resolveIntrinsics.ts';
import { type Resource, readProperties } from './resource.ts';
import { attributeOf, nameOf } from './resourceNames.ts';

const functionProperties = z.object({
  Code: z.object({ S3Key: z.string() }),
  Handler: z.string(),
  Runtime: z.string().startsWith('nodejs'),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  ReservedConcurrentExecutions: z.number().optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string() }).optional(),
});

const eventInvokeProperties = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.number().optional(),
  DestinationConfig: z
    .strictObject({ OnFailure: z.object({ Destination: z.string() }).optional() })
    .optional(),
});

/** `invokeConfigs`: the resources of type EventInvokeConfig; those of this function are taken into it. */
export function describeFunction(
  resource: Resource,
  assets: ReadonlyMap<string, string>,
  invokeConfigs: readonly Resource[],
): FunctionSettings {
  const properties = readProperties(resource, functionProperties);
  const name = nameOf(resource.reference);
  const codeFolder = assets.get(properties.Code.S3Key);
  if (codeFolder === undefined)
    throw new AssemblyError(resource.place, `there is no asset ${properties.Code.S3Key}`);
  const invoke = invokeConfigs
    .map((config) => readProperties(config, eventInvokeProperties))
    .find(({ FunctionName }) => FunctionName === name);
  const onFailure = invoke?.DestinationConfig?.OnFailure?.Destination;
  return {
    name,
    arn: attributeOf(resource.reference, 'Arn') ?? '',
    codeFolder,
    handler: properties.Handler,
    environment: properties.Environment?.Variables ?? {},
    timeoutSeconds: properties.Timeout,
    memoryMegabytes: properties.MemorySize,
    isolation: resource.metadata['headgate:isolation'] === 'process' ? 'process' : 'worker',
    ...(properties.ReservedConcurrentExecutions === undefined
      ? {}
      : { reservedConcurrency: properties.ReservedConcurrentExecutions }),
    ...(invoke?.MaximumRetryAttempts === undefined
      ? {}
      : { maximumRetryAttempts: invoke.MaximumRetryAttempts }),
    ...(properties.DeadLetterConfig === undefined
      ? {}
      : { deadLetterArn: properties.DeadLetterConfig.TargetArn }),
    ...(onFailure === undefined ? {} : { onFailureArn: onFailure }),
  };
}

const stateMachineProperties = z.object({
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.string()).default({}),
  StateMachineType: z.literal('STANDARD').default('STANDARD'),
});

export function describeStateMachine(resource: Resource): StateMachineDescription {
  const { DefinitionString, DefinitionSubstitutions } = readProperties(
    resource,
    stateMachineProperties,
  );
  const definition = DefinitionString.replace(/\$\{([A-Za-z0-9_]+)\}/g, (_, name: string) => {
    const value = DefinitionSubstitutions[name];
    if (value === undefined)
      throw new AssemblyError(resource.place, `the definition's \${${name}} has no value`);
    // It stands inside of a JSON string.
    return JSON.stringify(value).slice(1, -1);
  });
  JSON.parse(definition);
  return {
    name: nameOf(resource.reference),
    arn: attributeOf(resource.reference, 'Arn') ?? '',
    definition,
  };
}

const mappingProperties = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  BatchSize: z.number(),
  MaximumBatchingWindowInSeconds: z.number().default(0),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.number().default(-1),
  StartingPosition: z.enum(['TRIM_HORIZON', 'LATEST']).default('LATEST'),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }).optional(),
  DestinationConfig: z
    .object({ OnFailure: z.object({ Destination: z.string() }).optional() })
    .optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});

export function describeEventSourceMapping(resource: Resource): EventSourceMappingDescription {
  const properties = readProperties(resource, mappingProperties);
  const arn = properties.EventSourceArn;
  const table = /:table\/([^/]+)\/stream\//.exec(arn)?.[1];
  const isQueue = arn.startsWith('arn:aws:sqs:');
  if (table === undefined && !isQueue)
    throw new AssemblyError(resource.place, `the event source ${arn} is not known`);
  return {
    source:
      table === undefined
        ? { kind: 'queue', arn }
        : {
            kind: 'tableStream',
            table,
            startingPosition: properties.StartingPosition,
            bisectOnError: properties.BisectBatchOnFunctionError,
            retryAttempts: properties.MaximumRetryAttempts,
            onFailureArn: properties.DestinationConfig?.OnFailure?.Destination ?? null,
          },
    functionName: properties.FunctionName,
    batchSize: properties.BatchSize,
    windowSeconds: properties.MaximumBatchingWindowInSeconds,
    filters: (properties.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern),
    reportsBatchItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? null,
  };
}

const ruleProperties = z.object({
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  State: z.literal('ENABLED').default('ENABLED'),
  EventBusName: z.literal('default').default('default'),
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: z.string(),
      DeadLetterConfig: z.object({ Arn: z.string() }).optional(),
      RetryPolicy: z.object({ MaximumRetryAttempts: z.number().optional() }).optional(),
    }),
  ),
});

export function describeRule(resource: Resource): RuleDescription {
  const properties = readProperties(resource, ruleProperties);
  const { EventPattern, ScheduleExpression } = properties;
  if ((EventPattern === undefined) === (ScheduleExpression === undefined))
    throw new AssemblyError(resource.place, 'a rule has either a pattern or a schedule');
  return {
    name: nameOf(resource.reference),
    arn: attributeOf(resource.reference, 'Arn') ?? '',
    eventPattern: EventPattern ?? null,
    scheduleExpression: ScheduleExpression ?? null,
    targets: properties.Targets.map((target) => ({
      arn: target.Arn,
      deadLetterArn: target.DeadLetterConfig?.Arn ?? null,
      retryAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? 185,
    })),
  };
}
