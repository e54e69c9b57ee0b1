import { CfnOutput, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import type { Construct } from 'constructs';
import { consoleHeaders } from '../../shared/consoleHeaders.ts';
import { acknowledge, wildcardFindings } from '../acknowledge.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { ApiStack } from './apiStack.ts';
import type { DataStack } from './dataStack.ts';
import type { EventStack } from './eventStack.ts';

export interface ConsoleStackProps extends StackProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly events: EventStack;
  readonly api: ApiStack;
  /** Of the built console. */
  readonly folder: string;
}

/** Every address of the console that is no file is its one page; which one is shown, the page itself decides. */
export const pageFunction = `function handler(event) {
  var request = event.request;
  if (!/\\.[A-Za-z0-9]+$/.test(request.uri)) request.uri = '/index.html';
  return request;
}`;

/**
 * The console: static files in a private bucket behind CloudFront. The API is behind the same host name, so that
 * browsers send it nothing across origins and the files need no configuration.
 */
export class ConsoleStack extends Stack {
  constructor(scope: Construct, id: string, props: ConsoleStackProps) {
    super(scope, id, props);
    const { settings, data, events, api, folder } = props;
    const removalPolicy = settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const accessLogs = this.#bucket('ConsoleLogs', removalPolicy, {
      // CloudFront delivers its logs by ACL.
      objectOwnership: s3.ObjectOwnership.OBJECT_WRITER,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
    acknowledge(accessLogs, 'AwsSolutions-S1', 'It holds the logs of others');
    const files = this.#bucket('Console', removalPolicy, {
      serverAccessLogsBucket: accessLogs as s3.IBucket,
      serverAccessLogsPrefix: 'bucket/',
    });

    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: `${namesOf(settings.stage).prefix} console`,
      defaultRootObject: 'index.html',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      enableLogging: true,
      logBucket: accessLogs as s3.IBucket,
      logFilePrefix: 'cloudfront/',
      defaultBehavior: {
        origin: origins.S3BucketOrigin.withOriginAccessControl(files as s3.IBucket),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: this.#headers(data, events),
        functionAssociations: [
          {
            eventType: cloudfront.FunctionEventType.VIEWER_REQUEST,
            function: new cloudfront.Function(this, 'Pages', {
              code: cloudfront.FunctionCode.fromInline(pageFunction),
              runtime: cloudfront.FunctionRuntime.JS_2_0,
              comment: 'Addresses of pages are answered with the one page',
            }),
          },
        ],
      },
      additionalBehaviors: Object.fromEntries(
        ['/v1/*', '/problems/*', '/docs*'].map((path) => [path, this.#apiBehavior(api)]),
      ),
    });
    acknowledge(
      distribution,
      'AwsSolutions-CFR1',
      'Teams are anywhere; a token decides who gets in',
    );
    acknowledge(
      distribution,
      'AwsSolutions-CFR2',
      'The files hold nothing secret, and the API has its own throttles; a web ACL costs more than all the rest',
    );
    acknowledge(
      distribution,
      'AwsSolutions-CFR4',
      'Without a domain of its own it has CloudFront’s certificate, whose TLS versions CloudFront sets',
    );

    this.#deploy(files, folder);
    new CfnOutput(this, 'ConsoleUrl', { value: `https://${distribution.distributionDomainName}` });
  }

  #bucket(id: string, removalPolicy: RemovalPolicy, props: s3.BucketProps): s3.Bucket {
    return new s3.Bucket(this, id, {
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy,
      ...props,
    });
  }

  #headers({ landing }: DataStack, { liveUrl }: EventStack): cloudfront.ResponseHeadersPolicy {
    const {
      'content-security-policy': contentSecurityPolicy,
      'permissions-policy': permissions,
      'cross-origin-opener-policy': opener,
    } = consoleHeaders([
      `https://${landing.bucketRegionalDomainName}`,
      // Without its stage: a policy names origins.
      `wss://${Fn.select(2, Fn.split('/', liveUrl))}`,
    ]);
    return new cloudfront.ResponseHeadersPolicy(this, 'Headers', {
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          contentSecurityPolicy: contentSecurityPolicy ?? '',
          override: true,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: cloudfront.HeadersFrameOption.DENY, override: true },
        referrerPolicy: {
          referrerPolicy: cloudfront.HeadersReferrerPolicy.NO_REFERRER,
          override: true,
        },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(730),
          includeSubdomains: true,
          override: true,
        },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'permissions-policy', value: permissions ?? '', override: true },
          { header: 'cross-origin-opener-policy', value: opener ?? '', override: true },
        ],
      },
    });
  }

  /** Nothing of the API is cached, and everything a request has is passed on but the host’s name. */
  #apiBehavior({ host }: ApiStack): cloudfront.BehaviorOptions {
    return {
      origin: new origins.HttpOrigin(host, {
        protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
        originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
      }),
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
  }

  #deploy(files: s3.Bucket, folder: string): void {
    const common = {
      destinationBucket: files as s3.IBucket,
      // Parts that an open tab has yet to load stay: their names hold a hash of what is in them.
      prune: false,
      memoryLimit: 256,
      logGroup: new logs.LogGroup(this, 'DeployLogs', {
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    };
    const assets = new BucketDeployment(this, 'Assets', {
      ...common,
      sources: [Source.asset(folder)],
      exclude: ['*'],
      include: ['assets/*'],
      cacheControl: [CacheControl.maxAge(Duration.days(365)), CacheControl.immutable()],
    });
    const pages = new BucketDeployment(this, 'PageFiles', {
      ...common,
      sources: [Source.asset(folder)],
      exclude: ['assets/*'],
      // CloudFront asks for them anew each time, so that nothing has to be invalidated.
      cacheControl: [CacheControl.noCache()],
    });
    // The page names its parts; they have to be there first.
    pages.node.addDependency(assets);
    const [copier] = this.node.children.filter(({ node }) =>
      node.id.startsWith('Custom::CDKBucketDeployment'),
    );
    if (copier === undefined) throw new Error('the CDK copies files in another way now');
    const reason = 'The CDK’s own function, which copies the console’s files while deploying';
    for (const finding of [
      'AwsSolutions-L1',
      `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]`,
      ...['GetBucket', 'GetObject', 'List', 'Abort', 'DeleteObject'].map(
        (action) => `AwsSolutions-IAM5[Action::s3:${action}*]`,
      ),
      ...wildcardFindings(this, [
        files.arnForObjects('*'),
        `arn:${this.partition}:s3:::cdk-hnb659fds-assets-${this.account}-${this.region}/*`,
      ]),
    ])
      acknowledge(copier, finding, reason);
  }
}
