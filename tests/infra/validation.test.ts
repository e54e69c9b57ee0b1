import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { acknowledge } from '../../infra/acknowledge.ts';
import { appWith } from './synthesise.ts';

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly { readonly ruleName: string }[];
  }[];
}

/** Synthesises with cdk-nag and answers the rules it found broken. */
function findings(app: App): readonly string[] {
  try {
    app.synth();
  } catch (error) {
    if ((error as Error).name !== 'ValidationFailed') throw error;
  }
  const report = JSON.parse(
    readFileSync(join(app.outdir, 'validation-report.json'), 'utf8'),
  ) as Report;
  return report.pluginReports.flatMap(({ violations }) =>
    violations.map(({ ruleName }) => ruleName),
  );
}

describe('cdk-nag', () => {
  it.each([
    {},
    { stage: 'prod', consoleFolder: 'console/public' },
    {
      vpcId: 'vpc-0a1b2c3d',
      subnetIds: 'subnet-0a1b2c3d,subnet-1a1b2c3d',
      alarmTopicArn: 'arn:aws:sns:eu-west-1:111122223333:oncall',
    },
  ])('has no finding that is not acknowledged with %o', { timeout: 60_000 }, (settings) => {
    expect(findings(appWith(settings, true).app)).toEqual([]);
  });

  it('fails the synthesis when something new is not acknowledged', { timeout: 60_000 }, () => {
    const { app, data } = appWith({}, true);
    new s3.Bucket(data, 'Careless');
    expect(() => app.synth()).toThrow();
    expect(findings(app)).toContain('AwsSolutions-S1');
  });

  it('is never told to overlook a whole stack', () => {
    const stack = new Stack(new App(), 'stack');
    expect(() => acknowledge(stack, 'AwsSolutions-S1', 'because')).toThrow(/acknowledge it on a/);
  });

  it('has a reason of some length for everything it overlooks, and an exact id', () => {
    const { app } = appWith();
    const acknowledged = app.node
      .findAll()
      .flatMap((construct) =>
        construct.node.metadata
          .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
          .map(({ data }) => ({ path: construct.node.path, text: JSON.stringify(data) })),
      );
    expect(acknowledged.length).toBeGreaterThan(10);
    for (const { path, text } of acknowledged) {
      expect(text, path).toMatch(/AwsSolutions-(IAM5\[Resource::[^"]+\]|[A-Z]+[0-9]+)"/);
      expect(text, path).not.toMatch(/AwsSolutions-IAM5"/);
      expect(text.length, path).toBeGreaterThan(60);
    }
  });
});
