import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from '../ids.ts';
import { type Table, tenantKey } from '../table.ts';
import { type AuditItem, auditItem, auditPrefix } from './auditItem.ts';

/** Which changes are asked for; what is left out does not matter. */
export interface AuditFilter {
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly by?: string | undefined;
  /** From this instant on. */
  readonly from?: Date | undefined;
  /** Before this instant. */
  readonly to?: Date | undefined;
}

/** Items read at a time, and for one page at most: a filter that matches little answers a short page. */
const atATime = 200;
const mostReads = 25;

const noRandom = (size: number): Uint8Array => new Uint8Array(size);
/** The smallest key of an instant. */
const keyAt = (at: Date): string => `${auditPrefix}${ulid(at, noRandom)}`;

export interface AuditPage {
  readonly items: readonly AuditItem[];
  /** Id of the last change that was looked at; null when there are no more. */
  readonly next: string | null;
}

/** Changes of a tenant, newest first, older than the one with the id `before`. */
export async function listAudit(
  table: Table,
  tenant: string,
  filter: AuditFilter,
  { limit, before }: { readonly limit: number; readonly before?: string },
): Promise<AuditPage> {
  const wanted = ({ action, subject, by }: AuditItem): boolean =>
    (filter.action ?? action) === action &&
    (filter.subject ?? subject) === subject &&
    (filter.by ?? by) === by;
  const items: AuditItem[] = [];
  let last = before;
  for (let reads = 0; reads < mostReads; reads++) {
    const { Items = [], LastEvaluatedKey } = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': tenantKey(tenant),
          ':from': filter.from === undefined ? auditPrefix : keyAt(filter.from),
          // After every id there is; an instant's own key is not before it.
          ':to': filter.to === undefined ? `${auditPrefix}~` : keyAt(filter.to),
        },
        ScanIndexForward: false,
        Limit: atATime,
        ...(last === undefined
          ? {}
          : { ExclusiveStartKey: { pk: tenantKey(tenant), sk: `${auditPrefix}${last}` } }),
      }),
    );
    for (const { pk, sk, ...rest } of Items) {
      const item = auditItem.parse(rest);
      if (wanted(item)) {
        // One more than asked for: there is another page.
        if (items.length === limit) return { items, next: last ?? null };
        items.push(item);
      }
      last = item.id;
    }
    if (LastEvaluatedKey === undefined) return { items, next: null };
  }
  return { items, next: last ?? null };
}
