import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Table } from './table.ts';

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/** `refused`: positions of the items whose condition did not hold; nothing was written. */
export type TransactResult =
  | { readonly done: true }
  | { readonly done: false; readonly refused: readonly number[] };

const maxTries = 8;

/**
 * Writes all items or none. A conflict with a concurrent write is no answer and is tried again, with jitter;
 * a condition that does not hold is answered, not thrown. The SDK retries throttles below this.
 */
export async function transact(
  table: Table,
  items: readonly TransactItem[],
): Promise<TransactResult> {
  for (let tries = 1; ; tries++) {
    try {
      await table.client.send(new TransactWriteCommand({ TransactItems: [...items] }));
      return { done: true };
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code);
      const refused = codes.flatMap((code, index) =>
        code === 'ConditionalCheckFailed' ? [index] : [],
      );
      if (refused.length > 0) return { done: false, refused };
      const conflict = codes.includes('TransactionConflict') || codes.includes('ThrottlingError');
      if (!conflict || tries === maxTries) throw error;
      await sleep(Math.random() * 25 * 2 ** tries);
    }
  }
}
