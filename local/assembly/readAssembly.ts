import * as z from 'zod';
import type { Assembly } from './assembly.ts';
import {
  describeEventSourceMapping,
  describeFunction,
  describeRule,
  describeStateMachine,
} from './describeCompute.ts';
import { describeHttpApi } from './describeHttpApi.ts';
import { describeBucket, describeQueue, describeSecret, describeTable } from './describeStorage.ts';
import { describeWebSocketApi, isWebSocketApi } from './describeWebSocketApi.ts';
import { loadTemplates, type Templates } from './loadTemplates.ts';
import { AssemblyError, createResolver, type Resolver } from './resolveIntrinsics.ts';
import { type Resource, readProperties } from './resource.ts';
import { nameOf } from './resourceNames.ts';

/** What the embedded AWS does without: permissions, encryption, logs and alarms change no answer here. */
const withoutEffect = new Set([
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::EC2::SecurityGroup',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Alias',
  'AWS::KMS::Key',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);

const known = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Events::Rule',
  'AWS::Glue::Database',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
]);

/**
 * Reads a cloud assembly (`cdk.out`) as what the embedded AWS has to run. Throws AssemblyError, with the place,
 * for a reference that cannot be resolved, a resource type that is not known, and a property of a known one
 * that would be run otherwise than on AWS.
 */
export function readAssembly(folder: string): Assembly {
  const templates = loadTemplates(folder);
  const resolver = createResolver(templates);
  const resources = readResources(templates, resolver);
  const parts = (type: string): readonly Resource[] =>
    resources.filter((resource) => resource.type === type);
  return {
    tables: parts('AWS::DynamoDB::GlobalTable').map(describeTable),
    buckets: parts('AWS::S3::Bucket').map(describeBucket),
    functions: parts('AWS::Lambda::Function').map((resource) =>
      describeFunction(resource, templates.assets, parts('AWS::Lambda::EventInvokeConfig')),
    ),
    stateMachines: parts('AWS::StepFunctions::StateMachine').map(describeStateMachine),
    queues: parts('AWS::SQS::Queue').map(describeQueue),
    eventSourceMappings: parts('AWS::Lambda::EventSourceMapping').map(describeEventSourceMapping),
    rules: parts('AWS::Events::Rule').map(describeRule),
    scheduleGroups: parts('AWS::Scheduler::ScheduleGroup').map(({ reference }) => ({
      name: nameOf(reference),
    })),
    httpApis: parts('AWS::ApiGatewayV2::Api')
      .filter((resource) => !isWebSocketApi(resource))
      .map((resource) => describeHttpApi(resource, parts)),
    webSocketApis: parts('AWS::ApiGatewayV2::Api')
      .filter(isWebSocketApi)
      .map((resource) => describeWebSocketApi(resource, parts)),
    secrets: parts('AWS::SecretsManager::Secret').map(describeSecret),
    glueDatabases: parts('AWS::Glue::Database').map((resource) => {
      const { DatabaseInput } = readProperties(resource, glueDatabaseProperties);
      return { name: DatabaseInput.Name, description: DatabaseInput.Description };
    }),
    outputs: readOutputs(templates, resolver),
  };
}

const glueDatabaseProperties = z.object({
  DatabaseInput: z.object({ Name: z.string(), Description: z.string().default('') }),
});

function readResources({ stacks }: Templates, resolver: Resolver): readonly Resource[] {
  const resources: Resource[] = [];
  for (const [stack, { Resources }] of stacks)
    for (const [logicalId, { Type, Condition, Properties, Metadata }] of Object.entries(
      Resources,
    )) {
      const place = `${stack}/${logicalId}`;
      if (withoutEffect.has(Type) || !resolver.holds(stack, Condition, place)) continue;
      if (!known.has(Type))
        throw new AssemblyError(place, `the embedded AWS does not know ${Type}`);
      resources.push({
        reference: resolver.reference(stack, logicalId, place),
        type: Type,
        properties: resolver.resolve(stack, Properties, place),
        metadata: Metadata,
        place,
      });
    }
  return resources;
}

function readOutputs({ stacks }: Templates, resolver: Resolver): Readonly<Record<string, string>> {
  const outputs: Record<string, string> = {};
  for (const [stack, { Outputs }] of stacks)
    for (const [id, { Value, Condition, Export }] of Object.entries(Outputs)) {
      const place = `${stack}/Outputs.${id}`;
      if (Export !== undefined || !resolver.holds(stack, Condition, place)) continue;
      outputs[`${stack}.${id}`] = String(resolver.resolve(stack, Value, place));
    }
  return outputs;
}
