import batchGetItem from 'dynalite/validations/batchGetItem.js';
import batchWriteItem from 'dynalite/validations/batchWriteItem.js';
import createTable from 'dynalite/validations/createTable.js';
import deleteItem from 'dynalite/validations/deleteItem.js';
import deleteTable from 'dynalite/validations/deleteTable.js';
import describeTable from 'dynalite/validations/describeTable.js';
import getItem from 'dynalite/validations/getItem.js';
import validations from 'dynalite/validations/index.js';
import listTables from 'dynalite/validations/listTables.js';
import putItem from 'dynalite/validations/putItem.js';
import query from 'dynalite/validations/query.js';
import scan from 'dynalite/validations/scan.js';
import updateItem from 'dynalite/validations/updateItem.js';
import { type AttributeValue, type Item, typeOf } from './attributeValue.ts';
import {
  type Condition,
  isPath,
  type Operand,
  type ParsedCondition,
  type ParsedProjection,
  type ParsedUpdate,
} from './expressions.ts';
import { fromDynalite, validationError } from './failures.ts';

const validators = {
  BatchGetItem: batchGetItem,
  BatchWriteItem: batchWriteItem,
  CreateTable: createTable,
  DeleteItem: deleteItem,
  DeleteTable: deleteTable,
  DescribeTable: describeTable,
  GetItem: getItem,
  ListTables: listTables,
  PutItem: putItem,
  Query: query,
  Scan: scan,
  UpdateItem: updateItem,
} as const;

/** From before expressions; Headgate never uses them, and half an implementation would be a wrong one. */
const legacy = new Set([
  'AttributesToGet',
  'AttributeUpdates',
  'ConditionalOperator',
  'Expected',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
]);

/** DynamoDB's limit of an item; checked again, in bytes, where items are written. */
export const maxItemBytes = 400 * 1024;

/** A request whose types, required members and expressions have been checked. */
export interface Request {
  readonly TableName: string;
  readonly IndexName?: string;
  readonly Key: Item;
  readonly Item: Item;
  readonly ReturnValues?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ConsistentRead?: boolean;
  readonly Select?: string;
  readonly Limit?: number;
  readonly ScanIndexForward?: boolean;
  readonly ExclusiveStartKey?: Item;
  readonly ExclusiveStartTableName?: string;
  readonly Segment?: number;
  readonly TotalSegments?: number;
  readonly KeyConditions: Readonly<Record<string, KeyCondition>>;
  readonly RequestItems: Readonly<Record<string, unknown>>;
  readonly _condition?: ParsedCondition;
  readonly _updates?: ParsedUpdate;
  readonly _filter?: ParsedCondition;
  readonly _projection?: ParsedProjection;
}
export interface KeyCondition {
  readonly ComparisonOperator: string;
  readonly AttributeValueList: readonly AttributeValue[];
}

/**
 * Checks a request as DynamoDB words it. A member that neither dynalite nor `more` knows is refused: to
 * ignore it would be a wrong success. `more` are members the caller handles itself.
 */
export function validateRequest(
  operation: keyof typeof validators,
  input: unknown,
  more: readonly string[] = [],
): Request {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw validationError('The request is not an object');
  const { types, custom } = validators[operation];
  const handled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === null || value === undefined) continue;
    if (more.includes(name)) handled[name] = value;
    else if (!Object.hasOwn(types, name) || legacy.has(name))
      throw validationError(`The embedded DynamoDB does not support ${name} of ${operation}`);
  }
  try {
    const checked = validations.checkTypes({ ...input }, types);
    validations.checkValidations(checked, types, custom, {
      options: { maxItemSize: maxItemBytes },
    });
    const request = { ...handled, ...checked } as unknown as Request;
    checkFurther(request);
    return request;
  } catch (error) {
    throw fromDynalite(error);
  }
}

/** What dynalite does not look at. */
function checkFurther(request: Request): void {
  for (const parsed of [request._condition, request._filter])
    if (parsed !== undefined) checkOrderings(parsed.expression);
  const { ExpressionAttributeValues: values = {} } = request as {
    ExpressionAttributeValues?: Item;
  };
  for (const value of [...Object.values(request.Item ?? {}), ...Object.values(values)])
    if (tooDeep(value, maxNesting))
      throw validationError(
        'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
      );
}

/** 32 levels, of which the innermost value is one (as DynamoDB Local counts them). */
const maxNesting = 32;

function tooDeep(value: AttributeValue, levels: number): boolean {
  if (levels === 0) return true;
  const members = 'L' in value ? value.L : 'M' in value ? Object.values(value.M) : [];
  return members.some((one) => tooDeep(one, levels - 1));
}

/** Only texts, numbers and binaries have an order. */
function checkOrderings(condition: Condition): void {
  if (condition.type === 'and' || condition.type === 'or' || condition.type === 'not') {
    for (const part of condition.args) checkOrderings(part);
    return;
  }
  if (!['<', '<=', '>', '>='].includes(condition.type)) return;
  for (const operand of condition.args as readonly Operand[]) {
    if (isPath(operand) || 'type' in operand) continue;
    const type = typeOf(operand);
    if (!['S', 'N', 'B'].includes(type))
      throw validationError(
        `Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: ${condition.type}, operand type: ${type}`,
      );
  }
}
