import type { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Settings } from './settings.ts';

/** Sends every alarm of a stack to the topic of the settings, if they name one. Called when the stack is complete. */
export function sendAlarms(stack: Stack, { alarmTopicArn }: Settings): void {
  if (alarmTopicArn === undefined) return;
  const topic = sns.Topic.fromTopicArn(stack, 'AlarmTopic', alarmTopicArn);
  for (const child of stack.node.findAll())
    if (child instanceof cloudwatch.Alarm) child.addAlarmAction(new actions.SnsAction(topic));
}
