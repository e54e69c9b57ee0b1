import { AwsError } from '../protocol/awsError.ts';
import type { Item } from './attributeValue.ts';

const namespace = 'com.amazonaws.dynamodb.v20120810#';

export const validationError = (message: string): AwsError =>
  new AwsError('com.amazon.coral.validate#ValidationException', message);

export const notFound = (message = 'Requested resource not found'): AwsError =>
  new AwsError(`${namespace}ResourceNotFoundException`, message);

export const inUse = (message: string): AwsError =>
  new AwsError(`${namespace}ResourceInUseException`, message);

/** A condition that did not hold. `item` is what was there, for those who asked for it. */
export class ConditionFailed extends AwsError {
  readonly item: Item | undefined;
  constructor(item: Item | undefined) {
    super(`${namespace}ConditionalCheckFailedException`, 'The conditional request failed', {
      extra: item === undefined ? {} : { Item: item },
    });
    this.item = item;
  }
}

export interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

export const transactionCancelled = (reasons: readonly CancellationReason[]): AwsError =>
  new AwsError(
    `${namespace}TransactionCanceledException`,
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons
      .map(({ Code }) => Code)
      .join(', ')}]`,
    { extra: { CancellationReasons: reasons } },
  );

export const tokenMismatch = (): AwsError =>
  new AwsError(
    `${namespace}IdempotentParameterMismatchException`,
    'The request uses the same client token as a previous, but non-identical request',
  );

/** A failure that dynalite threw or returned, as ours. What is not one of its failures passes unchanged. */
export function fromDynalite(error: unknown): unknown {
  if (!(error instanceof Error) || !('body' in error)) return error;
  const { __type, message, Message } = error.body as Record<string, string | undefined>;
  return new AwsError(__type ?? 'InternalServerError', message ?? Message ?? error.message);
}

/** Throws what one of dynalite's checks returned, if it returned anything. */
export function throwIfInvalid(failure: unknown): void {
  if (failure !== undefined && failure !== null) throw fromDynalite(failure);
}
