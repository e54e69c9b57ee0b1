import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { audited } from '../audit/auditItem.ts';
import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { SchemaDrift } from '../schema/schemaDrift.ts';
import type { Table } from '../table.ts';
import { transact } from '../transact.ts';
import { requireSourceOf } from './findSource.ts';
import { getSource } from './getSource.ts';
import type { Caller } from './sourceDependencies.ts';
import { type SourceItem, sourceItemKey } from './sourceItem.ts';

export const breakingDriftCode = 'breaking_drift';

const maxTries = 5;
const longestMessage = 2000;
const mostNames = 10;

/**
 * Raises the source's attention flag for columns that are gone or have another type, until somebody acknowledges it;
 * what was raised before stays in its message. Called before the commit, so that no crash leaves it out; does
 * nothing the second time. `rowVersion` stays: it is no edit of the source.
 */
export async function flagBreakingDrift(
  table: Table,
  { tenant, sourceId }: { readonly tenant: string; readonly sourceId: string },
  stream: string,
  drift: SchemaDrift,
  now: Date,
): Promise<void> {
  const text = `${stream}: ${sentence(drift)}.`;
  for (let tries = 1; tries <= maxTries; tries++) {
    const source = await getSource(table, tenant, sourceId);
    if (source === null) return;
    const earlier = source.attention.find(({ code }) => code === breakingDriftCode);
    if (earlier?.message.includes(text) === true) return;
    const message = earlier === undefined ? text : `${earlier.message} ${text}`;
    const attention = [
      ...source.attention.filter(({ code }) => code !== breakingDriftCode),
      {
        code: breakingDriftCode,
        message: message.length > longestMessage ? text.slice(0, longestMessage) : message,
        since: earlier?.since ?? now.toISOString(),
      },
    ];
    if (await replaceAttention(table, source, attention)) return;
  }
  throw new HeadgateError('service_unavailable', 'The source kept changing. Try again.');
}

/**
 * Takes a reason for attention off a source's list: somebody has seen it. Answers the source as it is afterwards.
 * Throws `not_found` where there is no such reason (any more).
 */
export async function acknowledgeAttention(
  { table, now: clock }: { readonly table: Table; readonly now: () => Date },
  { principal, requestId }: Pick<Caller, 'principal' | 'requestId'>,
  idOrKey: string,
  code: string,
): Promise<SourceItem> {
  for (let tries = 1; tries <= maxTries; tries++) {
    const now = clock();
    const source = await requireSourceOf(table, principal, idOrKey);
    const seen = source.attention.find((each) => each.code === code);
    if (seen === undefined)
      throw new HeadgateError('not_found', `Nothing called "${code}" wants attention.`);
    const next: SourceItem = {
      ...source,
      attention: source.attention.filter((each) => each !== seen),
      updatedAt: now.toISOString(),
      rowVersion: source.rowVersion + 1,
    };
    const { tenant, sourceId } = source;
    const result = await transact(table, [
      {
        Update: {
          TableName: table.name,
          Key: sourceItemKey(tenant, sourceId),
          UpdateExpression: 'SET attention = :next, updatedAt = :now, rowVersion = :version',
          ConditionExpression: 'attention = :before AND rowVersion = :read',
          ExpressionAttributeValues: {
            ':next': next.attention,
            ':before': source.attention,
            ':now': next.updatedAt,
            ':version': next.rowVersion,
            ':read': source.rowVersion,
          },
        },
      },
      audited(
        table,
        {
          tenant,
          by: principal.tokenId,
          requestId,
          action: 'attention.acknowledged',
          subject: sourceId,
          before: { ...seen } satisfies Json,
        },
        now,
      ),
    ]);
    if (result.done) return next;
  }
  throw new HeadgateError('service_unavailable', 'The source kept changing. Try again.', {
    retryAfterSeconds: 1,
  });
}

async function replaceAttention(
  table: Table,
  { tenant, sourceId, attention: before }: SourceItem,
  attention: SourceItem['attention'],
): Promise<boolean> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: sourceItemKey(tenant, sourceId),
        UpdateExpression: 'SET attention = :next',
        ConditionExpression: 'attention = :before',
        ExpressionAttributeValues: { ':next': attention, ':before': before },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function sentence({ removed, changed }: SchemaDrift): string {
  const parts = [
    ...removed.map(({ name }) => `column ${name} is gone`),
    ...changed.map(
      ({ name, from, to }) =>
        `column ${name} changed from ${from}${to === null ? '' : ` to ${to}`}`,
    ),
  ];
  const more = parts.length - mostNames;
  return more > 0 ? `${parts.slice(0, mostNames).join(', ')} and ${more} more` : parts.join(', ');
}
