import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as glue from 'aws-cdk-lib/aws-glue';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { locksIndex, sourcesIndex, ttlAttribute } from '../../shared/table.ts';
import { acknowledge } from '../acknowledge.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * Everything that holds state. Nothing here is deleted with the stack, except in stages made to be thrown
 * away, and even there CloudFormation refuses to delete a bucket that is not empty.
 */
export class DataStack extends Stack {
  readonly table: dynamodb.TableV2;
  readonly landing: s3.Bucket;
  readonly lake: s3.Bucket;
  /** Encrypts the table, both buckets and the admin token. */
  readonly key: kms.Key;
  readonly adminToken: secrets.Secret;
  readonly glueDatabase: string;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { settings } = props;
    const names = namesOf(settings.stage);
    const removalPolicy = settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

    this.key = new kms.Key(this, 'DataKey', {
      alias: `${names.prefix}/data`,
      description: `Headgate ${settings.stage}: table, buckets, admin token`,
      enableKeyRotation: true,
      removalPolicy,
    });
    this.table = this.#table(settings, removalPolicy);

    const accessLogs = new s3.Bucket(this, 'AccessLogs', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ expiration: Duration.days(90) }],
      removalPolicy,
    });
    this.landing = this.#bucket('Landing', accessLogs, removalPolicy, {
      versioned: true,
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { noncurrentVersionExpiration: Duration.days(90), expiredObjectDeleteMarker: true },
      ],
      cors: [
        {
          allowedMethods: [s3.HttpMethods.PUT, s3.HttpMethods.POST],
          allowedOrigins: settings.uploadOrigins,
          allowedHeaders: ['*'],
          exposedHeaders: ['ETag', 'x-amz-version-id'],
          maxAge: 3600,
        },
      ],
    });
    // `eventBridgeEnabled: true` would do the same through a Lambda of its own.
    (this.landing.node.defaultChild as s3.CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    this.lake = this.#bucket('Lake', accessLogs, removalPolicy, {
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(7) },
        // Scratch of runs; a stage older than a day is never resumed, rejects and logs are read for a month.
        { prefix: 'runs/', expiration: Duration.days(30) },
      ],
    });

    this.glueDatabase = names.glueDatabase;
    new glue.CfnDatabase(this, 'GlueDatabase', {
      catalogId: this.account,
      databaseInput: {
        name: this.glueDatabase,
        description: `Tables of Headgate ${settings.stage}, mirrored after each commit`,
      },
    }).applyRemovalPolicy(removalPolicy);

    this.adminToken = new secrets.Secret(this, 'AdminToken', {
      secretName: names.adminTokenSecret,
      description: 'Bootstrap admin token of the Headgate API (the whole value is the token)',
      encryptionKey: this.key,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
      removalPolicy,
    });
    acknowledge(
      this.adminToken,
      'AwsSolutions-SMG4',
      'The bootstrap token is replaced by hand once tokens of people exist; rotating it would lock out whoever holds it',
    );
    new CfnOutput(this, 'AdminTokenSecret', {
      value: names.adminTokenSecret,
      description:
        'Secret whose value is the first admin token: aws secretsmanager get-secret-value',
    });
    new CfnOutput(this, 'LandingBucket', { value: this.landing.bucketName });
    new CfnOutput(this, 'LakeBucket', { value: this.lake.bucketName });
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
  }

  #table(settings: Settings, removalPolicy: RemovalPolicy): dynamodb.TableV2 {
    const string = (name: string) => ({ name, type: dynamodb.AttributeType.STRING });
    const index = (indexName: string) => ({
      indexName,
      partitionKey: string(`${indexName}pk`),
      sortKey: string(`${indexName}sk`),
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    const table = new dynamodb.TableV2(this, 'Table', {
      partitionKey: string('pk'),
      sortKey: string('sk'),
      globalSecondaryIndexes: [index(sourcesIndex), index(locksIndex)],
      billing: dynamodb.Billing.onDemand(),
      timeToLiveAttribute: ttlAttribute,
      dynamoStream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: settings.retain,
      removalPolicy,
    });
    // `TableEncryptionV2.customerManagedKey` wants to know the region while synthesising; these are the same
    // properties with the region left to the deployment.
    const resource = table.node.defaultChild as dynamodb.CfnGlobalTable;
    resource.addPropertyOverride('SSESpecification', { SSEEnabled: true, SSEType: 'KMS' });
    resource.addPropertyOverride('Replicas.0.SSESpecification', {
      KMSMasterKeyId: this.key.keyArn,
    });
    return table;
  }

  #bucket(
    id: string,
    accessLogs: s3.Bucket,
    removalPolicy: RemovalPolicy,
    props: s3.BucketProps,
  ): s3.Bucket {
    return new s3.Bucket(this, id, {
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      serverAccessLogsBucket: accessLogs as s3.IBucket,
      serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      removalPolicy,
      ...props,
    });
  }
}
