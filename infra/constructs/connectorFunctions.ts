import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { connectorNames } from '../../connectors/registry.ts';
import { connectorTraits } from '../connectorTraits.ts';
import {
  allowDataKey,
  allowMaskingKey,
  allowNotFound,
  allowObjects,
  allowSecrets,
  allowSourceRoles,
  allowTable,
} from '../grants.ts';
import { namesOf } from '../names.ts';
import { DatabaseNetwork } from './databaseNetwork.ts';
import type { FactoryProps } from './functionFactory.ts';
import { HeadgateFunction } from './headgateFunction.ts';

/** One Ingest function per connector, in the order of their names. */
export function connectorFunctions(
  scope: Construct,
  { settings, code, data }: FactoryProps,
): readonly HeadgateFunction<'ingest'>[] {
  const names = namesOf(settings.stage);
  const network =
    settings.vpcId === undefined
      ? null
      : new DatabaseNetwork(scope, 'DatabaseNetwork', settings.vpcId, settings.subnetIds);
  return connectorNames.map((connector) => {
    const traits = connectorTraits(connector);
    const function_ = new HeadgateFunction<'ingest'>(scope, `Ingest-${connector}`, {
      settings,
      code,
      entry: `ingest:${connector}`,
      kind: 'ingest',
      functionName: `${names.ingestFunctionPrefix}${connector}`,
      description: `Reads ${connector} sources and stages their rows`,
      environment: {
        TABLE_NAME: data.table.tableName,
        LANDING_BUCKET: data.landing.bucketName,
        LAKE_BUCKET: data.lake.bucketName,
        ALLOWED_ADDRESSES: settings.allowedAddresses.join(','),
        STAGE: settings.stage,
        FAN_OUT_CONCURRENCY: String(traits.concurrency),
        FAN_OUT_BYTES: String(settings.fanOutBytes),
        FAN_OUT_FILES: String(settings.fanOutFiles),
      },
      // One whole processor; DuckDB is given half of the memory.
      memoryMegabytes: 1769,
      diskMegabytes: 4096,
      timeout: Duration.minutes(15),
    });
    allowDataKey(function_, data);
    allowTable(function_, data, { also: ['write'] });
    allowObjects(function_, data, data.lake, 'read', ['lake/data/', 'lake/metadata/', 'runs/']);
    allowObjects(function_, data, data.lake, 'write', ['lake/data/', 'runs/']);
    allowNotFound(function_, data, data.lake);
    if (traits.landing) {
      allowObjects(function_, data, data.landing, 'read', ['landing/', '_uploads/']);
      allowMaskingKey(function_, settings.stage);
    } else allowSecrets(function_, settings.stage, ['secretsmanager:GetSecretValue']);
    if (connector === 's3_csv') allowSourceRoles(function_);
    if (traits.database && network !== null) network.place(function_);
    return function_;
  });
}
