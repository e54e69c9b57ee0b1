import { expect, it } from 'vitest';
import { describeDynamoDb } from '../local/dynamodb/conformance.ts';
import { dynamoDbLocalDifferences, motoDifferences } from './dynamodbDifferences.ts';
import { findDynamoDbLocal, startDynamoDbLocal } from './startDynamoDbLocal.ts';
import { findMoto, startMoto } from './startMoto.ts';

const [local, moto] = await Promise.all([findDynamoDbLocal(), findMoto()]);

if ('jars' in local)
  describeDynamoDb(
    'DynamoDB Local',
    () => startDynamoDbLocal(local.jars),
    dynamoDbLocalDifferences,
  );
else
  it('says why DynamoDB Local is absent', () => {
    console.log(`DynamoDB Local cannot be had here (${local.missing})`);
    expect(local.missing).not.toBe('');
  });

if ('server' in moto)
  describeDynamoDb('moto’s DynamoDB', () => startMoto(moto.server), motoDifferences);
else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${moto.missing}): its DynamoDB was not compared`);
    expect(moto.missing).not.toBe('');
  });
