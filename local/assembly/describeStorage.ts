import * as z from 'zod';
import type {
  BucketDescription,
  KeyDescription,
  QueueDescription,
  SecretDescription,
  TableDescription,
} from './assembly.ts';
import { AssemblyError } from './resolveIntrinsics.ts';
import { type Resource, readProperties } from './resource.ts';
import { attributeOf, nameOf, referenceTo } from './resourceNames.ts';

const keySchema = z.array(
  z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }),
);

const tableProperties = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z
    .array(
      z.object({
        IndexName: z.string(),
        KeySchema: keySchema,
        Projection: z.object({
          ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: z.array(z.string()).default([]),
        }),
      }),
    )
    .default([]),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
  StreamSpecification: z
    .object({
      StreamViewType: z.enum(['NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY']),
    })
    .optional(),
});

export function describeTable(resource: Resource): TableDescription {
  const properties = readProperties(resource, tableProperties);
  const keys = (schema: z.infer<typeof keySchema>) => {
    const key = (type: 'HASH' | 'RANGE'): KeyDescription | null => {
      const attribute = schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
      if (attribute === undefined) return null;
      const definition = properties.AttributeDefinitions.find(
        ({ AttributeName }) => AttributeName === attribute,
      );
      if (definition === undefined)
        throw new AssemblyError(resource.place, `the key attribute ${attribute} has no type`);
      return { attribute, type: definition.AttributeType };
    };
    const partitionKey = key('HASH');
    if (partitionKey === null)
      throw new AssemblyError(resource.place, 'a key schema has no partition key');
    return { partitionKey, sortKey: key('RANGE') };
  };
  return {
    name: nameOf(resource.reference),
    arn: attributeOf(resource.reference, 'Arn') ?? '',
    ...keys(properties.KeySchema),
    indexes: properties.GlobalSecondaryIndexes.map((index) => ({
      name: index.IndexName,
      ...keys(index.KeySchema),
      projection: index.Projection.ProjectionType,
      nonKeyAttributes: index.Projection.NonKeyAttributes,
    })),
    ttlAttribute:
      properties.TimeToLiveSpecification?.Enabled === true
        ? properties.TimeToLiveSpecification.AttributeName
        : null,
    streamViewType: properties.StreamSpecification?.StreamViewType ?? null,
  };
}

const bucketProperties = z.object({
  VersioningConfiguration: z.object({ Status: z.string() }).optional(),
  NotificationConfiguration: z
    .object({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: z.boolean() }).optional(),
    })
    .strict()
    .optional(),
  CorsConfiguration: z
    .object({
      CorsRules: z.array(
        z.object({
          AllowedOrigins: z.array(z.string()),
          AllowedMethods: z.array(z.string()),
          AllowedHeaders: z.array(z.string()).default([]),
          ExposedHeaders: z.array(z.string()).default([]),
          MaxAge: z.number().default(0),
        }),
      ),
    })
    .optional(),
  LifecycleConfiguration: z
    .object({
      Rules: z.array(
        z.object({
          Prefix: z.string().default(''),
          Status: z.enum(['Enabled', 'Disabled']),
          ExpirationInDays: z.number().optional(),
          NoncurrentVersionExpiration: z.object({ NoncurrentDays: z.number() }).optional(),
          AbortIncompleteMultipartUpload: z.object({ DaysAfterInitiation: z.number() }).optional(),
        }),
      ),
    })
    .optional(),
});

export function describeBucket(resource: Resource): BucketDescription {
  const properties = readProperties(resource, bucketProperties);
  return {
    name: nameOf(resource.reference),
    versioned: properties.VersioningConfiguration?.Status === 'Enabled',
    eventBridge:
      properties.NotificationConfiguration?.EventBridgeConfiguration?.EventBridgeEnabled ?? false,
    cors: (properties.CorsConfiguration?.CorsRules ?? []).map((rule) => ({
      origins: rule.AllowedOrigins,
      methods: rule.AllowedMethods,
      allowedHeaders: rule.AllowedHeaders,
      exposedHeaders: rule.ExposedHeaders,
      maxAgeSeconds: rule.MaxAge,
    })),
    lifecycle: (properties.LifecycleConfiguration?.Rules ?? [])
      .filter(({ Status }) => Status === 'Enabled')
      .map((rule) => ({
        prefix: rule.Prefix,
        expireDays: rule.ExpirationInDays ?? null,
        expireNoncurrentDays: rule.NoncurrentVersionExpiration?.NoncurrentDays ?? null,
        abortMultipartDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? null,
      })),
  };
}

const queueProperties = z.object({
  VisibilityTimeout: z.number().default(30),
  MessageRetentionPeriod: z.number().default(345_600),
  FifoQueue: z.literal(false).optional(),
  RedrivePolicy: z
    .object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() })
    .optional(),
});

export function describeQueue(resource: Resource): QueueDescription {
  const properties = readProperties(resource, queueProperties);
  const redrive = properties.RedrivePolicy;
  return {
    name: nameOf(resource.reference),
    arn: attributeOf(resource.reference, 'Arn') ?? '',
    visibilityTimeoutSeconds: properties.VisibilityTimeout,
    retentionSeconds: properties.MessageRetentionPeriod,
    redrive:
      redrive === undefined
        ? null
        : { deadLetterArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount },
  };
}

const secretProperties = z.object({
  Description: z.string().default(''),
  SecretString: z.string().optional(),
  GenerateSecretString: z
    .strictObject({ PasswordLength: z.number().default(32), ExcludePunctuation: z.literal(true) })
    .optional(),
});

export function describeSecret(resource: Resource): SecretDescription {
  const properties = readProperties(resource, secretProperties);
  const { SecretString, GenerateSecretString } = properties;
  if ((SecretString === undefined) === (GenerateSecretString === undefined))
    throw new AssemblyError(resource.place, 'give a secret a value, or have one generated');
  return {
    name: nameOf(resource.reference),
    arn: referenceTo(resource.reference) ?? '',
    description: properties.Description,
    initial:
      SecretString === undefined
        ? { generateLength: GenerateSecretString?.PasswordLength ?? 32 }
        : { value: SecretString },
  };
}
