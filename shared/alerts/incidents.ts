import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { getItem } from '../events/getItem.ts';
import { ulid } from '../ids.ts';
import type { Table } from '../table.ts';
import { type IncidentItem, type IncidentKind, incidentItem, incidentKey } from './incidentItem.ts';

/** What is found out about one kind of trouble of one source. */
export interface Finding {
  readonly tenant: string;
  readonly sourceId: string;
  readonly kind: IncidentKind;
  readonly isWrong: boolean;
  /** Of what is wrong; not looked at otherwise. */
  readonly detail: string;
  /** Number of the event that says so. */
  readonly seq: number;
}

export async function getIncident(
  table: Table,
  { tenant, sourceId, kind }: Pick<Finding, 'tenant' | 'sourceId' | 'kind'>,
): Promise<IncidentItem | null> {
  const item = await getItem(table, incidentKey(tenant, sourceId, kind));
  if (item === null) return null;
  const { pk, sk, ...rest } = item;
  return incidentItem.parse(rest);
}

/**
 * Opens an incident, ends it, or leaves it as it is. Answers the incident if somebody is still to be told of where it stands,
 * else null: while it is open, whatever goes wrong again tells nobody.
 */
export async function judge(
  table: Table,
  finding: Finding,
  now: Date,
): Promise<IncidentItem | null> {
  const { tenant, sourceId, kind, isWrong, detail, seq } = finding;
  for (let tries = 1; tries <= 5; tries++) {
    const known = await getIncident(table, finding);
    const isOpen = known?.state === 'open';
    // Events come late and twice; what a newer one said stands.
    if (known !== null && seq < known.seq) return untold(known);
    if (isWrong === isOpen || (known === null && !isWrong)) return untold(known);
    const next: IncidentItem =
      isWrong || known === null
        ? {
            v: 1,
            tenant,
            sourceId,
            kind,
            state: 'open',
            told: null,
            id: ulid(now),
            since: now.toISOString(),
            detail: detail.slice(0, 2000),
            seq,
          }
        : { ...known, state: 'resolved', seq };
    if (await replace(table, known, next)) return next;
  }
  throw new Error(`the incident ${kind} of ${sourceId} kept changing`);
}

const untold = (known: IncidentItem | null): IncidentItem | null =>
  known === null || known.told === known.state ? null : known;

async function replace(
  table: Table,
  before: IncidentItem | null,
  next: IncidentItem,
): Promise<boolean> {
  try {
    await table.client.send(
      new PutCommand({
        TableName: table.name,
        Item: { ...incidentKey(next.tenant, next.sourceId, next.kind), ...next },
        ...(before === null
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#id = :id AND #state = :state',
              ExpressionAttributeNames: { '#id': 'id', '#state': 'state' },
              ExpressionAttributeValues: { ':id': before.id, ':state': before.state },
            }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Notes that everybody was told of where the incident stands; nothing when it has moved on since. */
export async function noteTold(table: Table, incident: IncidentItem): Promise<void> {
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: incidentKey(incident.tenant, incident.sourceId, incident.kind),
        UpdateExpression: 'SET told = :state',
        ConditionExpression: '#id = :id AND #state = :state',
        ExpressionAttributeNames: { '#id': 'id', '#state': 'state' },
        ExpressionAttributeValues: { ':id': incident.id, ':state': incident.state },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
