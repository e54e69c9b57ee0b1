import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { sourceItemKey } from '../sources/sourceItem.ts';
import type { Table } from '../table.ts';

/** Failures in a row after which nobody expects the next run to succeed by itself. */
export const failuresBeforePause = 20;

/**
 * Pauses a source whose last runs all failed, and says so in its attention list; it runs on request all the same.
 * Answers whether it did. Safe to repeat: the next failure makes up for one that a crash left out.
 */
export async function pauseAfterFailures(
  table: Table,
  { tenant, sourceId }: { readonly tenant: string; readonly sourceId: string },
  now: Date,
): Promise<boolean> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: sourceItemKey(tenant, sourceId),
        UpdateExpression:
          'SET #status = :paused, attention = list_append(attention, :attention), rowVersion = rowVersion + :one',
        ConditionExpression: '#status = :active AND failuresInARow >= :most',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':paused': 'paused',
          ':active': 'active',
          ':most': failuresBeforePause,
          ':one': 1,
          ':attention': [
            {
              code: 'paused_after_failures',
              message: `Its last ${failuresBeforePause} runs failed, so the schedule was paused. Mend what the last error says, run it once, and resume.`,
              since: now.toISOString(),
            },
          ],
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
