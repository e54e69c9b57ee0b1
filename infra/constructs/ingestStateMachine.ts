import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, wildcardFindings } from '../acknowledge.ts';
import { exported, stateMachineArn } from '../grants.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/dataStack.ts';
import { stateMachine } from '../stateMachine.ts';

export interface IngestStateMachineProps {
  readonly settings: Settings;
  /** One per connector; their names share a prefix. */
  readonly ingest: readonly lambda.IFunction[];
  readonly commit: lambda.IFunction;
  readonly fail: lambda.IFunction;
  /** Where units are described and their results are listed: `runs/` of the lake bucket. */
  readonly data: DataStack;
}

/** The state machine of `infra/stateMachine.ts`, allowed to invoke exactly the functions it names. */
export class IngestStateMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: IngestStateMachineProps) {
    super(scope, id);
    const { settings, ingest, commit, fail, data } = props;
    const names = namesOf(settings.stage);
    const stack = Stack.of(this);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    this.machine = new sfn.StateMachine(this, 'Machine', {
      stateMachineName: names.stateMachine,
      stateMachineType: sfn.StateMachineType.STANDARD,
      role,
      definitionBody: sfn.DefinitionBody.fromString(JSON.stringify(stateMachine)),
      definitionSubstitutions: {
        CommitFunctionArn: commit.functionArn,
        FailFunctionArn: fail.functionArn,
        LakeBucket: data.lake.bucketName,
        IngestFunctionArnPrefix: `arn:${stack.partition}:lambda:${stack.region}:${stack.account}:function:${names.ingestFunctionPrefix}`,
      },
      tracingEnabled: true,
      logs: {
        destination: new logs.LogGroup(this, 'Logs', {
          logGroupName: `/aws/vendedlogs/states/${names.stateMachine}`,
          retention: settings.logDays as logs.RetentionDays,
          removalPolicy: settings.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ERROR,
        // Checkpoints may hold a source's own values.
        includeExecutionData: false,
      },
    });
    const invoke = new iam.Policy(this, 'Invoke', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({
          actions: ['lambda:InvokeFunction'],
          resources: [...ingest, commit, fail].map(({ functionArn }) => functionArn),
        }),
      ],
    });
    this.machine.node.addDependency(invoke, ...unitPolicies(this, role, settings.stage, data));
    acknowledge(
      this.machine,
      'AwsSolutions-SF1',
      'Runs are recorded as items with their outcome, and Step Functions keeps the history for 90 days; logging every transition would cost more than the transition',
    );
    // The construct library's own statements for log delivery and X-Ray; nothing of ours is in that policy.
    const defaultPolicy = role.node.tryFindChild('DefaultPolicy');
    if (defaultPolicy === undefined) throw new Error('the state machine has no default policy');
    for (const finding of wildcardFindings(stack, ['*']))
      acknowledge(defaultPolicy, finding, 'Log delivery and X-Ray actions take no resource');
  }
}

/**
 * What the Map of units needs besides: child executions of its own machine, and S3 objects of runs. Policies of
 * their own, because a machine whose role names the machine is a cycle in the template.
 * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
 */
function unitPolicies(
  scope: Construct,
  role: iam.Role,
  stage: string,
  data: DataStack,
): readonly iam.Policy[] {
  const stack = Stack.of(scope);
  const { stateMachine: name } = namesOf(stage);
  const executions = (resourceName: string): string =>
    stack.formatArn({
      service: 'states',
      resource: 'execution',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  const policy = (
    id: string,
    statements: readonly {
      readonly actions: string[];
      readonly resources: string[];
      readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;
    }[],
    reason: string,
  ): iam.Policy => {
    const made = new iam.Policy(scope, id, {
      roles: [role],
      statements: statements.map((statement) => new iam.PolicyStatement(statement)),
    });
    const resources = statements.flatMap((statement) => statement.resources);
    for (const finding of wildcardFindings(stack, resources)) acknowledge(made, finding, reason);
    return made;
  };
  const runs = `${exported(data, data.lake.bucketArn)}/runs/*`;
  return [
    policy(
      'UnitExecutions',
      [
        { actions: ['states:StartExecution'], resources: [stateMachineArn(stack, stage)] },
        {
          actions: ['states:DescribeExecution', 'states:StopExecution'],
          resources: [executions(`${name}:*`), executions(`${name}/*`)],
        },
      ],
      'Executions are named after runs and units; limited to those of this state machine',
    ),
    policy(
      'UnitObjects',
      [
        {
          actions: [
            's3:GetObject',
            's3:PutObject',
            's3:AbortMultipartUpload',
            's3:ListMultipartUploadParts',
          ],
          resources: [runs],
        },
        {
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [exported(data, data.key.keyArn)],
          conditions: { StringEquals: { 'kms:ViaService': [`s3.${stack.region}.amazonaws.com`] } },
        },
      ],
      'Units are described under the id of their run; limited to runs/ of the lake bucket',
    ),
  ];
}
