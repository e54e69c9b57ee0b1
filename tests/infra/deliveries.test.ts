import { beforeAll, describe, expect, it } from 'vitest';
import { flatten } from './policies.ts';
import { type Synthesised, synthesise } from './synthesise.ts';

let app: Synthesised;
beforeAll(() => {
  app = synthesise();
});

/** Flattened ARNs of queues that nothing reads but people. */
const deadLetterQueues = (): ReadonlySet<string> => {
  const read = new Set(
    app
      .ofType('AWS::Lambda::EventSourceMapping')
      .map(([, { Properties }]) => flatten(Properties.EventSourceArn)),
  );
  return new Set(
    app
      .ofType('AWS::SQS::Queue')
      .map(([id]) => `<${id.split('/')[1]}.Arn>`)
      .filter((arn) => !read.has(arn)),
  );
};

describe('a dead-letter queue stands behind', () => {
  it('every target of every rule', () => {
    const rules = app.ofType('AWS::Events::Rule');
    expect(rules.length).toBeGreaterThan(2);
    for (const [id, { Properties }] of rules)
      for (const target of Properties.Targets)
        expect(deadLetterQueues(), id).toContain(flatten(target.DeadLetterConfig?.Arn));
  });

  it('every event source', () => {
    const mappings = app.ofType('AWS::Lambda::EventSourceMapping');
    expect(mappings).toHaveLength(4);
    const queues = new Map(
      app.ofType('AWS::SQS::Queue').map(([id, queue]) => [`<${id.split('/')[1]}.Arn>`, queue]),
    );
    for (const [id, { Properties }] of mappings) {
      const queue = queues.get(flatten(Properties.EventSourceArn));
      // A queue's own redrive policy, or the mapping's destination for a stream.
      const target =
        queue === undefined
          ? Properties.DestinationConfig?.OnFailure.Destination
          : queue.Properties.RedrivePolicy?.deadLetterTargetArn;
      expect(deadLetterQueues(), id).toContain(flatten(target));
    }
  });

  it('every function that is invoked by an event, whose failure nobody else sees', () => {
    const targets = app
      .ofType('AWS::Events::Rule')
      .flatMap(([, { Properties }]) =>
        Properties.Targets.map(({ Arn }: { Arn: unknown }) => flatten(Arn)),
      )
      .filter((arn: string) => !/FileArrivals|WebhookDeliveries/.test(arn));
    // Schedules are made at run time; their target is told to the API.
    const scheduled = app
      .ofType('AWS::Lambda::Function')
      .flatMap(([, { Properties }]) => Properties.Environment.Variables.SCHEDULE_TARGET_ARN ?? [])
      .map((value) => `<${flatten(value).replace(/^.*FnGetAtt(\w+?)Arn[0-9A-F]{8}>$/, '$1')}.Arn>`);
    const invoked = new Set([...targets, ...scheduled]);
    expect(invoked.size).toBe(3);
    for (const arn of invoked) {
      const config = app
        .ofType('AWS::Lambda::EventInvokeConfig')
        .find(
          ([, { Properties }]) => `${flatten(Properties.FunctionName).slice(0, -1)}.Arn>` === arn,
        );
      expect(deadLetterQueues(), arn).toContain(
        flatten(config?.[1].Properties.DestinationConfig.OnFailure.Destination),
      );
    }
  });

  it('every schedule, by way of the API’s environment', () => {
    const withSchedules = app
      .ofType('AWS::Lambda::Function')
      .filter(([, { Properties }]) => 'SCHEDULE_TARGET_ARN' in Properties.Environment.Variables);
    expect(withSchedules).toHaveLength(1);
    for (const [, { Properties }] of withSchedules)
      expect(flatten(Properties.Environment.Variables.SCHEDULE_DLQ_ARN)).toContain('ScheduleDlq');
  });
});

describe('every dead-letter queue', () => {
  it('has an alarm and keeps messages for 14 days', () => {
    const alarmed = app
      .ofType('AWS::CloudWatch::Alarm')
      .flatMap(([, { Properties }]) =>
        (Properties.Dimensions ?? []).map(({ Value }: { Value: unknown }) => flatten(Value)),
      );
    for (const arn of deadLetterQueues()) {
      expect(alarmed).toContain(arn.replace('.Arn', '.QueueName'));
      const [, queue] =
        app.ofType('AWS::SQS::Queue').find(([id]) => arn === `<${id.split('/')[1]}.Arn>`) ?? [];
      expect(queue?.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
    }
    expect(deadLetterQueues().size).toBe(7);
  });

  it('refuses plain HTTP and is encrypted', () => {
    const policies = JSON.stringify(app.ofType('AWS::SQS::QueuePolicy'));
    for (const [id, { Properties }] of app.ofType('AWS::SQS::Queue')) {
      expect(Properties.SqsManagedSseEnabled, id).toBe(true);
      expect(policies).toContain(`"Ref":"${id.split('/')[1]}"`);
    }
    for (const [id, { Properties }] of app.ofType('AWS::SQS::QueuePolicy'))
      expect(JSON.stringify(Properties.PolicyDocument), id).toContain(
        '"aws:SecureTransport":"false"',
      );
  });
});

it('failed runs raise an alarm', () => {
  const metrics = app
    .ofType('AWS::CloudWatch::Alarm')
    .map(([, { Properties }]) => Properties.MetricName);
  expect(metrics).toContain('ExecutionsFailed');
});

it('alarms reach the topic one names', () => {
  const topic = 'arn:aws:sns:eu-west-1:111122223333:oncall';
  const alarms = synthesise({ alarmTopicArn: topic }).ofType('AWS::CloudWatch::Alarm');
  expect(alarms.length).toBeGreaterThan(4);
  for (const [id, { Properties }] of alarms) expect(Properties.AlarmActions, id).toEqual([topic]);
});
