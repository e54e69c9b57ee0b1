import db from 'dynalite/db/index.js';
import type { AttributeValue } from './attributeValue.ts';
import { validationError } from './failures.ts';
import type { RowRange } from './itemStore.ts';
import type { TableDefinition } from './tableDefinition.ts';
import type { KeyCondition } from './validateRequest.ts';

/** Sorts after every character a row key is made of (hexadecimal digits and `/`). */
const last = '~';

/** The rows a key condition selects; throws when it is not equality on the partition key plus one range. */
export function keyRange(
  table: TableDefinition,
  schema: TableDefinition['KeySchema'],
  conditions: Readonly<Record<string, KeyCondition>>,
): RowRange {
  const [hash, range] = schema.map(({ AttributeName }) => AttributeName);
  for (const name of Object.keys(conditions))
    if (name !== hash && name !== range)
      throw validationError(
        `Query condition missed key schema element: ${hash !== undefined && hash in conditions ? range : hash}`,
      );
  const hashCondition = hash === undefined ? undefined : conditions[hash];
  if (hash === undefined || hashCondition === undefined)
    throw validationError(`Query condition missed key schema element: ${hash}`);
  if (hashCondition.ComparisonOperator !== 'EQ')
    throw validationError('Query key condition not supported');
  const [hashValue] = textsOf(table, hash, hashCondition);
  const hashType = typeOfKey(table, hash);
  const prefix = `${db.hashPrefix(hashValue, hashType)}/${db.toRangeStr(hashValue, hashType)}/`;
  const condition = range === undefined ? undefined : conditions[range];
  if (range === undefined || condition === undefined)
    return { from: prefix, before: prefix + last };
  const type = typeOfKey(table, range);
  const [first, second] = textsOf(table, range, condition);
  return rangeOf(
    condition.ComparisonOperator,
    prefix,
    db.toRangeStr(first, type),
    second === undefined ? '' : db.toRangeStr(second, type),
  );
}

function rangeOf(operator: string, prefix: string, low: string, high: string): RowRange {
  const start = `${prefix}${low}/`;
  switch (operator) {
    case 'EQ':
      return { from: start, to: start + last };
    case 'LT':
      return { from: prefix, before: start };
    case 'LE':
      return { from: prefix, to: start + last };
    case 'GT':
      return { after: start + last, before: prefix + last };
    case 'GE':
      return { from: start, before: prefix + last };
    case 'BETWEEN':
      return { from: start, to: `${prefix}${high}/${last}` };
    case 'BEGINS_WITH':
      return { from: prefix + low, before: prefix + low + last };
    default:
      throw validationError('Attempted conditional constraint is not an indexable operation');
  }
}

const typeOfKey = (table: TableDefinition, name: string): string =>
  table.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ??
  'S';

function textsOf(
  table: TableDefinition,
  name: string,
  { AttributeValueList }: KeyCondition,
): readonly [string, string | undefined] {
  const type = typeOfKey(table, name);
  const texts = AttributeValueList.map((value: AttributeValue) => {
    const text = (value as Readonly<Record<string, unknown>>)[type];
    if (typeof text !== 'string')
      throw validationError(
        'One or more parameter values were invalid: Condition parameter type does not match schema type',
      );
    if (text === '')
      throw validationError(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
    return text;
  });
  return [texts[0] ?? '', texts[1]];
}
