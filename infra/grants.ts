import { ArnFormat, Stack } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { FunctionName } from '../shared/env.ts';
import { maskKeyName } from '../shared/schema/maskKeyName.ts';
import type { HeadgateFunction } from './constructs/headgateFunction.ts';
import { namesOf } from './names.ts';
import type { DataStack } from './stacks/dataStack.ts';

type AnyFunction = HeadgateFunction<FunctionName>;

const itemActions = {
  read: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'],
  write: [
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:ConditionCheckItem',
  ],
  writeMany: ['dynamodb:BatchWriteItem'],
} as const;

export interface TableGrant {
  /** Besides reading. */
  readonly also?: readonly Exclude<keyof typeof itemActions, 'read'>[];
  /** Indexes it queries. */
  readonly indexes?: readonly string[];
}

/** Items of the one table. */
export function allowTable(
  function_: AnyFunction,
  data: DataStack,
  { also = [], indexes = [] }: TableGrant,
): void {
  const arn = exported(data, data.table.tableArn);
  const actions = [...itemActions.read, ...also.flatMap((kind) => itemActions[kind])];
  function_.allow('Table', actions, [arn]);
  if (indexes.length > 0)
    function_.allow(
      'TableIndexes',
      ['dynamodb:Query'],
      indexes.map((index) => `${arn}/index/${index}`),
    );
}

/** Tokens only: to look one up by its hash, and to note when it was last used. */
export function allowTokens(function_: AnyFunction, data: DataStack): void {
  function_.allow(
    'Tokens',
    ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    [exported(data, data.table.tableArn)],
    undefined,
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TOKEN#*'] } },
  );
}

/** The data key, only by way of the services that hold data encrypted with it. */
export function allowDataKey(function_: AnyFunction, data: DataStack): void {
  const { region } = Stack.of(function_);
  function_.allow(
    'DataKey',
    ['kms:Decrypt', 'kms:GenerateDataKey'],
    [exported(data, data.key.keyArn)],
    undefined,
    {
      StringEquals: {
        'kms:ViaService': ['dynamodb', 's3', 'secretsmanager'].map(
          (service) => `${service}.${region}.amazonaws.com`,
        ),
      },
    },
  );
}

const objectActions = {
  read: ['s3:GetObject', 's3:GetObjectVersion'],
  write: ['s3:PutObject'],
  upload: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
  delete: ['s3:DeleteObject'],
  deleteVersions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
} as const;

/** Objects under prefixes (each ends with `/`) of one bucket. */
export function allowObjects(
  function_: AnyFunction,
  data: DataStack,
  bucket: s3.Bucket,
  action: keyof typeof objectActions,
  prefixes: readonly string[],
): void {
  const arn = exported(data, bucket.bucketArn);
  const words = prefixes.map((prefix) => prefix.replaceAll(/[^a-z]/g, '')).join('');
  function_.allow(
    `${bucket.node.id}${action}${words}`,
    objectActions[action],
    prefixes.map((prefix) => `${arn}/${prefix}*`),
    `Objects have no names known beforehand; limited to ${prefixes.join(', ')} of the ${bucket.node.id.toLowerCase()} bucket`,
  );
}

/**
 * S3 answers 404 for a key that is not there only to who may list the bucket; anybody else gets a 403, which
 * looks like a lack of permission. For functions whose code tells the two apart.
 */
export function allowNotFound(function_: AnyFunction, data: DataStack, bucket: s3.Bucket): void {
  function_.allow(
    `${bucket.node.id}NotFound`,
    ['s3:ListBucket'],
    [exported(data, bucket.bucketArn)],
  );
}

/** All versions of the objects under prefixes of one bucket: their names, and to remove them for good. */
export function allowPurge(
  function_: AnyFunction,
  data: DataStack,
  bucket: s3.Bucket,
  prefixes: readonly string[],
): void {
  allowObjects(function_, data, bucket, 'deleteVersions', prefixes);
  function_.allow(
    `${bucket.node.id}ListVersions`,
    ['s3:ListBucketVersions'],
    [exported(data, bucket.bucketArn)],
    undefined,
    { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
  );
}

/** The names of the objects under one prefix. */
export function allowList(
  function_: AnyFunction,
  data: DataStack,
  bucket: s3.Bucket,
  prefix: string,
): void {
  function_.allow(
    `${bucket.node.id}List`,
    ['s3:ListBucket'],
    [exported(data, bucket.bucketArn)],
    undefined,
    { StringLike: { 's3:prefix': `${prefix}*` } },
  );
}

/** ARNs that need no reference to the state machine, which needs the ARNs of its functions. */
export const stateMachineArn = (stack: Stack, stage: string): string =>
  stack.formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: namesOf(stage).stateMachine,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** May start runs. */
export function allowStart(function_: AnyFunction, stage: string): void {
  function_.allow(
    'StartExecution',
    ['states:StartExecution'],
    [stateMachineArn(Stack.of(function_), stage)],
  );
}

/** May look at runs, and stop them: whoever asks for a run may have to end one that stopped reporting. */
export function allowStop(function_: AnyFunction, stage: string): void {
  function_.allow(
    'StopExecution',
    ['states:DescribeExecution', 'states:StopExecution'],
    [
      Stack.of(function_).formatArn({
        service: 'states',
        resource: 'execution',
        resourceName: `${namesOf(stage).stateMachine}:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    'Executions are named after runs; limited to those of this state machine',
  );
}

/** Secrets of sources, of any tenant of this stage. */
export function allowSecrets(
  function_: AnyFunction,
  stage: string,
  actions: readonly string[],
): void {
  function_.allow(
    'SourceSecrets',
    actions,
    [
      Stack.of(function_).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${namesOf(stage).secretPrefix}*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    `Secrets are made with their sources; limited to ${namesOf(stage).secretPrefix} of this stage`,
  );
}

/** The tenants' keys of hashed columns, for functions that need no other secret. */
export function allowMaskingKey(function_: AnyFunction, stage: string): void {
  const { secretPrefix } = namesOf(stage);
  function_.allow(
    'MaskingKeys',
    ['secretsmanager:GetSecretValue'],
    [
      Stack.of(function_).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${secretPrefix}*/${maskKeyName}-*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    `Tenants have no names known beforehand; limited to ${secretPrefix}*/${maskKeyName} of this stage`,
  );
}

export function allowInvoke(
  function_: AnyFunction,
  purpose: string,
  functionArns: readonly string[],
): void {
  function_.allow(purpose, ['lambda:InvokeFunction'], functionArns);
}

/** An export made now, so that a finding's id is known when its resource is acknowledged. */
export function exported(data: DataStack, value: string): string {
  return data.exportValue(value);
}

/** Addresses and signing secrets of webhooks, of any tenant of this stage. */
export function allowNotifySecrets(
  function_: AnyFunction,
  stage: string,
  actions: readonly string[],
): void {
  const { notifySecretPrefix } = namesOf(stage);
  function_.allow(
    'NotifySecrets',
    actions,
    [
      Stack.of(function_).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        resourceName: `${notifySecretPrefix}*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    `Secrets are made with their webhooks; limited to ${notifySecretPrefix} of this stage`,
  );
}

/**
 * Roles that others made for Headgate to read their buckets. Limited by their names, and to requests that carry an
 * external id: a role of this account that only trusts the account is not one of them.
 */
export function allowSourceRoles(function_: AnyFunction): void {
  const { partition } = Stack.of(function_);
  function_.allow(
    'SourceRoles',
    ['sts:AssumeRole'],
    [`arn:${partition}:iam::*:role/headgate-source-*`],
    'The roles lie in accounts that are not known beforehand; limited to names that begin with headgate-source-',
    { StringLike: { 'sts:ExternalId': '?*' } },
  );
}
