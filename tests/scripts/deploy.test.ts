import { describe, expect, it } from 'vitest';
import { splitParameters } from '../../scripts/cdk.ts';
import { fatesOf } from '../../scripts/fatesOf.ts';
import { appWith } from '../infra/synthesise.ts';

describe('parameters of deploy and destroy', () => {
  it('are settings for the synthesis, or else go to the CDK CLI', () => {
    expect(
      splitParameters(['-c', 'stage=prod', '--profile', 'ops', '--context', 'logDays=90', '-v']),
    ).toEqual({
      context: ['-c', 'stage=prod', '-c', 'logDays=90'],
      rest: ['--profile', 'ops', '-v'],
    });
  });
});

describe('what deleting the stacks does', () => {
  const fates = (stage: string) => fatesOf(appWith({ stage }).app.synth().directory);
  const names = (list: readonly { readonly what: string }[]) =>
    [...new Set(list.map(({ what }) => what))].sort();
  const everything = [
    'access logs bucket',
    'lake bucket',
    'landing bucket',
    'log group',
    'the Glue database',
    'the admin token',
    'the key its data is encrypted with',
    'the table',
  ];

  it('keeps all data of a stage that is meant to last', () => {
    const { stacks, retained, deleted, protectedStacks } = fates('prod');
    expect(protectedStacks).toEqual(stacks);
    expect(stacks).toEqual([
      'headgate-prod-data',
      'headgate-prod-ingest',
      'headgate-prod-events',
      'headgate-prod-api',
    ]);
    expect(names(retained)).toEqual(everything);
    expect(deleted).toEqual([]);
  });

  it('deletes all data of a throw-away stage, and says so', () => {
    const { retained, deleted, protectedStacks } = fates('dev');
    expect(protectedStacks).toEqual([]);
    expect(retained).toEqual([]);
    expect(names(deleted)).toEqual(everything);
  });
});
