import { type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { FunctionEnv, FunctionName } from '../../shared/env.ts';
import { acknowledge, wildcardFindings } from '../acknowledge.ts';
import type { EntryName } from '../bundle/entries.ts';
import type { FunctionCode } from '../bundle/functionCode.ts';
import type { Settings } from '../settings.ts';

/** What CloudFormation sets; Lambda itself adds the rest. All values are strings. */
export type Environment<Name extends FunctionName> = {
  readonly [Key in Exclude<
    keyof FunctionEnv<Name>,
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE' | 'VENDOR_ORIGINS'
  >]: string;
};

export interface HeadgateFunctionProps<Name extends FunctionName> {
  readonly settings: Settings;
  readonly code: FunctionCode;
  readonly entry: EntryName;
  /** Key of `functionEnv`: `ingest` for every connector's function. */
  readonly kind: Name;
  /** Explicit, so that names, log groups and policies can be known without a reference. */
  readonly functionName: string;
  readonly description: string;
  readonly environment: Environment<Name>;
  readonly memoryMegabytes: number;
  readonly timeout: Duration;
  /** Local disk. @default 512 */
  readonly diskMegabytes?: number;
  readonly reservedConcurrency?: number;
}

/**
 * A Lambda function on arm64 with its own role, its own log group and X-Ray. The role starts with nothing but
 * its log group and X-Ray; `allow` adds one named policy for one purpose.
 */
export class HeadgateFunction<Name extends FunctionName> extends lambda.Function {
  /** `lambda.Function.role` may be absent in general; here it never is. */
  readonly ownRole: iam.Role;

  constructor(scope: Construct, id: string, props: HeadgateFunctionProps<Name>) {
    const role = new iam.Role(scope, `${id}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `Role of ${props.functionName} only`,
    });
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      logGroupName: `/aws/lambda/${props.functionName}`,
      retention: props.settings.logDays as logs.RetentionDays,
      removalPolicy: props.settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const { code, handler, native } = props.code(props.entry);
    super(scope, id, {
      functionName: props.functionName,
      description: props.description,
      code,
      handler,
      role,
      logGroup,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memoryMegabytes,
      timeout: props.timeout,
      loggingFormat: lambda.LoggingFormat.JSON,
      environment: props.environment as Readonly<Record<string, string>>,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    this.ownRole = role;
    const resource = this.node.defaultChild as lambda.CfnFunction;
    // Set here and not by `tracing`, which would put its wildcard into the policy of everything else.
    resource.tracingConfig = { mode: 'Active' };
    if (props.diskMegabytes !== undefined)
      resource.ephemeralStorage = { size: props.diskMegabytes };
    // A native query can be stopped only with its process: the embedded Lambda reads this.
    if (native) resource.addMetadata('headgate:isolation', 'process');
    this.allow('Logs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
    this.allow(
      'Tracing',
      ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      ['*'],
      'X-Ray actions take no resource',
    );
  }

  /**
   * Adds a policy of its own to the role. A resource with a wildcard needs a reason, which is acknowledged for
   * that very resource.
   */
  allow(
    purpose: string,
    actions: readonly string[],
    resources: readonly string[],
    reasonForWildcard?: string,
    conditions?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>,
  ): void {
    const policy = new iam.Policy(this.ownRole, purpose, {
      roles: [this.ownRole],
      statements: [
        new iam.PolicyStatement({
          actions: [...actions],
          resources: [...resources],
          ...(conditions === undefined ? {} : { conditions }),
        }),
      ],
    });
    const findings = wildcardFindings(Stack.of(this), resources);
    if (findings.length > 0 && reasonForWildcard === undefined)
      throw new Error(`${this.node.path}/${purpose}: a wildcard needs a reason`);
    for (const finding of findings) acknowledge(policy, finding, reasonForWildcard ?? '');
  }
}
