import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { type Item, itemBytes } from './attributeValue.ts';
import { consumedPerTable, readUnits, writeUnits } from './capacity.ts';
import {
  type CancellationReason,
  ConditionFailed,
  tokenMismatch,
  transactionCancelled,
  validationError,
} from './failures.ts';
import type { ItemStore } from './itemStore.ts';
import { getItem } from './readItems.ts';
import { rowKey } from './tableDefinition.ts';
import { type Request, validateRequest } from './validateRequest.ts';
import { keyOfWrite, performWrite, validateWrite, type WriteKind } from './writeItems.ts';

/** Developer Guide, "Amazon DynamoDB transactions": 100 actions, 4 MB, tokens valid for 10 minutes. */
const maxActions = 100;
const maxBytes = 4 * 1024 * 1024;
const tokenMilliseconds = 10 * 60 * 1000;

const kinds = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const;
const capacity = z.enum(['INDEXES', 'TOTAL', 'NONE']).optional();
const writeInput = z.strictObject({
  TransactItems: z
    .array(z.partialRecord(z.enum(kinds), z.unknown()))
    .min(1)
    .max(maxActions),
  ClientRequestToken: z.string().min(1).max(36).nullish(),
  ReturnConsumedCapacity: capacity,
  ReturnItemCollectionMetrics: z.literal('NONE').optional(),
});
const getInput = z.strictObject({
  TransactItems: z
    .array(z.strictObject({ Get: z.unknown() }))
    .min(1)
    .max(maxActions),
  ReturnConsumedCapacity: capacity,
});

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw validationError(`1 validation error detected: ${z.prettifyError(parsed.error)}`);
}

interface Action {
  readonly kind: WriteKind;
  readonly request: Request;
}

/**
 * TransactWriteItems: all actions or none. A failed one cancels with a reason for each action, in order,
 * with the item as it was for those that asked for it. A repeated ClientRequestToken succeeds without
 * writing again, for 10 minutes and across restarts.
 */
export function transactWrite(store: ItemStore, input: unknown): unknown {
  const { TransactItems, ClientRequestToken, ReturnConsumedCapacity } = parse(writeInput, input);
  const actions = TransactItems.map(toAction);
  const units = new Map<string, number>();
  const answer = (): unknown => consumedPerTable(ReturnConsumedCapacity, units);
  const token = ClientRequestToken ?? undefined;
  const hash = createHash('sha256').update(JSON.stringify(TransactItems)).digest('base64');
  if (token !== undefined && alreadyDone(store, token, hash)) return answer();
  refuseDuplicates(store, actions);
  const bytes = actions.reduce(
    (sum, { request }) => sum + itemBytes(request.Item ?? request.Key ?? {}),
    0,
  );
  if (bytes > maxBytes) throw validationError('Transaction request cannot exceed 4 MB');
  store.transaction(() => {
    const reasons = actions.map((action) => attempt(store, action, units));
    if (reasons.some(({ Code }) => Code !== 'None')) throw transactionCancelled(reasons);
    if (token !== undefined) remember(store, token, hash);
  });
  return answer();
}

function toAction(entry: Partial<Record<WriteKind, unknown>>): Action {
  const given = Object.entries(entry).filter(([, value]) => value !== null && value !== undefined);
  const [only] = given;
  if (only === undefined || given.length !== 1)
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  const [kind, input] = only as [WriteKind, unknown];
  const request = validateWrite(kind, input);
  if (kind === 'ConditionCheck' && request._condition === undefined)
    throw validationError('The ConditionExpression of a ConditionCheck is required');
  return { kind, request };
}

function attempt(
  store: ItemStore,
  { kind, request }: Action,
  units: Map<string, number>,
): CancellationReason {
  try {
    const { before, after } = performWrite(store, kind, request);
    // A transaction reads and writes everything twice.
    const sum = (units.get(request.TableName) ?? 0) + 2 * writeUnits(before, after);
    units.set(request.TableName, sum);
    return { Code: 'None' };
  } catch (error) {
    if (error instanceof ConditionFailed)
      return {
        Code: 'ConditionalCheckFailed',
        Message: error.message,
        ...(error.item === undefined ? {} : { Item: error.item }),
      };
    if (error instanceof AwsError && error.type.endsWith('#ValidationException'))
      return { Code: 'ValidationError', Message: error.message };
    throw error;
  }
}

function refuseDuplicates(store: ItemStore, actions: readonly Action[]): void {
  const seen = new Set<string>();
  for (const { kind, request } of actions) {
    const table = store.table(request.TableName);
    let key: Item;
    try {
      key = keyOfWrite(table, kind, request);
    } catch {
      // A key that does not fit the table becomes a reason of the cancellation.
      continue;
    }
    const id = `${request.TableName}/${rowKey(table, key)}`;
    if (seen.has(id))
      throw validationError('Transaction request cannot include multiple operations on one item');
    seen.add(id);
  }
}

function alreadyDone(store: ItemStore, token: string, hash: string): boolean {
  store.database.prepare('DELETE FROM request_tokens WHERE expires < ?').run(store.now);
  const row = store.database
    .prepare('SELECT request FROM request_tokens WHERE token = ?')
    .get(token);
  if (row === undefined) return false;
  if (row['request'] !== hash) throw tokenMismatch();
  return true;
}

function remember(store: ItemStore, token: string, hash: string): void {
  store.database
    .prepare('INSERT INTO request_tokens VALUES (?, ?, ?)')
    .run(token, hash, store.now + tokenMilliseconds);
}

/** TransactGetItems: every item as of one moment, which nothing can come between here. */
export function transactGet(store: ItemStore, input: unknown): unknown {
  const { TransactItems, ReturnConsumedCapacity } = parse(getInput, input);
  const requests = TransactItems.map(({ Get }) => validateRequest('GetItem', Get));
  const units = new Map<string, number>();
  const responses = requests.map((request) => {
    const { item, whole } = getItem(store, request);
    const sum = (units.get(request.TableName) ?? 0) + 2 * readUnits(itemBytes(whole ?? {}), true);
    units.set(request.TableName, sum);
    return item === undefined ? {} : { Item: item };
  });
  return { Responses: responses, ...consumedPerTable(ReturnConsumedCapacity, units) };
}
