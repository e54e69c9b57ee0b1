import { createHash } from 'node:crypto';
import { localAccount } from '../localService.ts';

export interface ResourceReference {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** Its name where the template gives one, else null. */
  readonly givenName: string | null;
}

/** Property that holds a resource's explicit name. */
export const namePropertyOf: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::GlobalTable': 'TableName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Events::Rule': 'Name',
  'AWS::Scheduler::ScheduleGroup': 'Name',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::IAM::Role': 'RoleName',
};

const { region, accountId } = localAccount;
const arn = (service: string, rest: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${rest}`;

/** CloudFormation makes up names from stack and logical id; here without its random ending, so that they stay. */
export function nameOf({ stack, logicalId, type, givenName }: ResourceReference): string {
  if (givenName !== null) return givenName;
  const name = `${stack}-${logicalId}`;
  // Rules and functions may be 64 long, buckets 63; logical ids end in what makes them unique.
  const short = name.length > 63 ? `${name.slice(0, 54)}-${name.slice(-8)}` : name;
  return type === 'AWS::S3::Bucket' ? short.toLowerCase() : short;
}

type Naming = (name: string, resource: ResourceReference) => string;
const byName: Naming = (name) => name;

/** What `Ref` answers, by type. */
const references: Readonly<Record<string, Naming>> = {
  'AWS::DynamoDB::GlobalTable': byName,
  'AWS::S3::Bucket': byName,
  'AWS::Lambda::Function': byName,
  'AWS::StepFunctions::StateMachine': (name) => arn('states', `stateMachine:${name}`),
  'AWS::SQS::Queue': (name) => `https://sqs.${region}.amazonaws.com/${accountId}/${name}`,
  'AWS::SNS::Topic': (name) => arn('sns', name),
  'AWS::Events::Rule': byName,
  'AWS::Scheduler::ScheduleGroup': byName,
  // Without the six random characters of the full ARN: Secrets Manager takes partial ARNs too.
  'AWS::SecretsManager::Secret': (name) => arn('secretsmanager', `secret:${name}`),
  'AWS::Logs::LogGroup': byName,
  'AWS::IAM::Role': byName,
  'AWS::KMS::Key': byName,
  'AWS::ApiGatewayV2::Api': (name) => identifier(name),
  'AWS::ApiGatewayV2::Authorizer': (name) => identifier(name),
  'AWS::ApiGatewayV2::Integration': (name) => identifier(name),
  'AWS::ApiGatewayV2::Route': (name) => identifier(name),
  'AWS::ApiGatewayV2::Stage': byName,
  'AWS::Glue::Database': byName,
  'AWS::EC2::SecurityGroup': (name) => `sg-${identifier(name)}`,
};

/** What `Fn::GetAtt` answers, by type and attribute. */
const attributes: Readonly<Record<string, Naming>> = {
  'AWS::DynamoDB::GlobalTable.Arn': (name) => arn('dynamodb', `table/${name}`),
  'AWS::DynamoDB::GlobalTable.StreamArn': (name) => arn('dynamodb', `table/${name}/stream/local`),
  'AWS::S3::Bucket.Arn': (name) => `arn:aws:s3:::${name}`,
  'AWS::S3::Bucket.RegionalDomainName': (name) => `${name}.s3.${region}.amazonaws.com`,
  'AWS::Lambda::Function.Arn': (name) => arn('lambda', `function:${name}`),
  'AWS::StepFunctions::StateMachine.Arn': (name) => arn('states', `stateMachine:${name}`),
  'AWS::StepFunctions::StateMachine.Name': byName,
  'AWS::SQS::Queue.Arn': (name) => arn('sqs', name),
  'AWS::SQS::Queue.QueueName': byName,
  'AWS::Events::Rule.Arn': (name) => arn('events', `rule/${name}`),
  'AWS::Scheduler::ScheduleGroup.Arn': (name) => arn('scheduler', `schedule-group/${name}`),
  'AWS::Logs::LogGroup.Arn': (name) => arn('logs', `log-group:${name}:*`),
  'AWS::IAM::Role.Arn': (name) => `arn:aws:iam::${accountId}:role/${name}`,
  'AWS::KMS::Key.Arn': (name) => arn('kms', `key/${name}`),
  'AWS::KMS::Key.KeyId': byName,
  'AWS::ApiGatewayV2::Api.ApiEndpoint': (name) =>
    `https://${identifier(name)}.execute-api.${region}.amazonaws.com`,
  'AWS::EC2::SecurityGroup.GroupId': (name) => `sg-${identifier(name)}`,
};

/** API Gateway's ids are ten letters and digits. */
const identifier = (name: string): string =>
  createHash('sha256').update(name).digest('hex').slice(0, 10);

/** null: the type is not known. */
export const referenceTo = (resource: ResourceReference): string | null =>
  references[resource.type]?.(nameOf(resource), resource) ?? null;

/** null: the attribute is not known. */
export const attributeOf = (resource: ResourceReference, attribute: string): string | null =>
  attributes[`${resource.type}.${attribute}`]?.(nameOf(resource), resource) ?? null;
