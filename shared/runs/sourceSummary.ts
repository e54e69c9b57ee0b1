import { sourceItemKey } from '../sources/sourceItem.ts';
import type { Counts } from '../staging/streamLoader.ts';
import type { Table } from '../table.ts';
import type { TransactItem } from '../transact.ts';
import type { RunItem } from './runItem.ts';
import type { RunEnd } from './runs.ts';

/**
 * Part of a transaction: what lists show of a source without reading its runs. Does not touch `rowVersion`,
 * so an edit in the meantime is not a conflict. Refused only when the source is gone.
 */
export function summarise(
  table: Table,
  run: RunItem,
  rowsDelta: number,
  end: RunEnd | null,
  counts: Counts,
): TransactItem {
  const sets = ['recordCount = recordCount + :rows'];
  const values: Record<string, unknown> = { ':rows': rowsDelta };
  if (end !== null) {
    sets.push('lastRun = :lastRun');
    values[':lastRun'] = {
      runId: run.runId,
      status: end.status,
      ...(end.result === undefined ? {} : { result: end.result }),
      ...(end.error === undefined ? {} : { error: end.error }),
      counts,
      finishedAt: end.finishedAt.toISOString(),
    };
    if (end.status === 'succeeded' || end.status === 'partial') {
      sets.push(
        'lastSuccessAt = :finished',
        'syncCount = syncCount + :one',
        'failuresInARow = :none',
      );
      values[':finished'] = end.finishedAt.toISOString();
      values[':one'] = 1;
      values[':none'] = 0;
    } else if (end.status === 'failed') {
      sets.push('failuresInARow = if_not_exists(failuresInARow, :none) + :one');
      values[':one'] = 1;
      values[':none'] = 0;
    }
  }
  return {
    Update: {
      TableName: table.name,
      Key: sourceItemKey(run.tenant, run.sourceId),
      UpdateExpression: `SET ${sets.join(', ')}`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: values,
    },
  };
}
