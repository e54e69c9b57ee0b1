import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, wildcardFindings } from '../acknowledge.ts';
import { namesOf } from '../names.ts';
import type { Settings } from '../settings.ts';
import { stateMachine } from '../stateMachine.ts';

export interface IngestStateMachineProps {
  readonly settings: Settings;
  /** One per connector; their names share a prefix. */
  readonly ingest: readonly lambda.IFunction[];
  readonly commit: lambda.IFunction;
  readonly fail: lambda.IFunction;
}

/** The state machine of `infra/stateMachine.ts`, allowed to invoke exactly the functions it names. */
export class IngestStateMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: IngestStateMachineProps) {
    super(scope, id);
    const { settings, ingest, commit, fail } = props;
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
    this.machine.node.addDependency(invoke);
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
