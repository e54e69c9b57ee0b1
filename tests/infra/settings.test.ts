import { describe, expect, it } from 'vitest';
import { connectors } from '../../connectors/registry.ts';
import { namesOf } from '../../infra/names.ts';
import { readSettings } from '../../infra/settings.ts';
import { synthesise } from './synthesise.ts';

const read = (context: Readonly<Record<string, string>> = {}) =>
  readSettings((name) => context[name]);

describe('settings', () => {
  it('all have defaults', () => {
    expect(read()).toMatchObject({ stage: 'dev', apiConcurrency: 50, allowedAddresses: [] });
  });

  it('keep data of every stage but those made to be thrown away', () => {
    const retained = (stage: string) => read({ stage }).retain;
    expect(['dev', 'dev-7', 'test', 'local'].map(retained)).toEqual([false, false, false, false]);
    expect(['prod', 'staging', 'eu', 'devil'].map(retained)).toEqual([true, true, true, true]);
  });

  it('name each thing that is wrong', () => {
    expect(() => read({ stage: 'Prod', apiConcurrency: '-1', logDays: '8' })).toThrow(
      /stage[\s\S]*apiConcurrency[\s\S]*logDays|logDays[\s\S]*stage/,
    );
    expect(() => read({ stage: 'Prod', logDays: '8' })).toThrow(/lower case letters/);
    expect(() => read({ logDays: '8' })).toThrow(/one of 1, 3, 5/);
  });

  it('ask for subnets beside a VPC, because synthesis looks nothing up', () => {
    expect(() => read({ vpcId: 'vpc-0a1b2c3d' })).toThrow(/-c subnetIds=/);
  });
});

describe('names', () => {
  it('stay within what AWS allows for the longest stage', () => {
    const names = namesOf('abcdefghijklmnop');
    expect(`${names.ingestFunctionPrefix}${'x'.repeat(23)}`.length).toBeLessThanOrEqual(64);
    expect(names.scheduleGroup.length).toBeLessThanOrEqual(64);
    expect(names.glueDatabase).toMatch(/^[a-z0-9_]+$/);
  });

  it('keep the admin token outside of what connectors may read', () => {
    const { adminTokenSecret, secretPrefix } = namesOf('dev');
    expect(adminTokenSecret.startsWith(secretPrefix)).toBe(false);
  });
});

describe('stages', () => {
  const policies = (stage: string) =>
    [...synthesise({ stage }).resources]
      .filter(([, { Type }]) =>
        /DynamoDB::GlobalTable|S3::Bucket$|KMS::Key|SecretsManager::Secret|Glue::Database/.test(
          Type,
        ),
      )
      .map(([, { DeletionPolicy }]) => DeletionPolicy);

  it('other than throw-away ones retain table, buckets, key, token and Glue database', () => {
    expect(policies('prod')).toHaveLength(7);
    expect(new Set(policies('prod'))).toEqual(new Set(['Retain']));
    expect(new Set(policies('dev'))).toEqual(new Set(['Delete']));
  });

  it('other than throw-away ones are protected from deletion', () => {
    const table = (stage: string) =>
      synthesise({ stage }).ofType('AWS::DynamoDB::GlobalTable')[0]?.[1].Properties.Replicas[0]
        .DeletionProtectionEnabled;
    expect([table('prod'), table('dev')]).toEqual([true, false]);
  });
});

describe('a VPC', () => {
  const inVpc = () =>
    synthesise({ vpcId: 'vpc-0a1b2c3d', subnetIds: 'subnet-0a1b2c3d, subnet-1a1b2c3d' });

  it('gets the functions of database connectors and no others', () => {
    const placed = inVpc()
      .ofType('AWS::Lambda::Function')
      .filter(([, { Properties }]) => Properties.VpcConfig !== undefined);
    expect(placed.map(([, { Properties }]) => Properties.FunctionName)).toEqual(
      connectors
        .filter(({ labels }) => labels.includes('database') || labels.includes('warehouse'))
        .map(({ name }) => `headgate-dev-ingest-${name}`),
    );
    expect(placed[0]?.[1].Properties.VpcConfig.SubnetIds).toEqual([
      'subnet-0a1b2c3d',
      'subnet-1a1b2c3d',
    ]);
  });

  it('lets nothing dial in', () => {
    const [group] = inVpc().ofType('AWS::EC2::SecurityGroup');
    expect(group?.[1].Properties.SecurityGroupIngress).toBeUndefined();
  });
});
