import * as z from 'zod';
import { type Alert, alertOf } from '../../shared/alerts/alertOf.ts';
import { findingsOf } from '../../shared/alerts/findings.ts';
import {
  overdue,
  staleFrom,
  stopWatching,
  watchFreshness,
} from '../../shared/alerts/freshnessItem.ts';
import { type Finding, judge, noteTold } from '../../shared/alerts/incidents.ts';
import { readHead } from '../../shared/events/eventItem.ts';
import { isFor } from '../../shared/events/tellConnections.ts';
import { type HeadgateEvent, headgateEvent } from '../../shared/events.ts';
import type { Log } from '../../shared/log.ts';
import { getSource } from '../../shared/sources/getSource.ts';
import type { Table } from '../../shared/table.ts';
import type { Deliveries, Delivery } from '../../shared/webhooks/deliveries.ts';
import { eachWebhook } from '../../shared/webhooks/eachWebhook.ts';

export interface Dependencies {
  readonly table: Table;
  /** Tells the stage's topic, and so the people who subscribed to it. */
  readonly publish: (tenant: string, alert: Alert) => Promise<void>;
  readonly deliveries: Deliveries;
  readonly now: () => Date;
  readonly log: Log;
}

const invocation = z.union([
  z.object({ detail: z.object({ tenant: z.string() }).loose() }),
  z.object({ 'detail-type': z.literal('Scheduled Event') }),
]);

/**
 * Finds out what is wrong with sources, and tells once when it begins and once when it ends. Every event of interest comes
 * here by the bus, late and twice as it may be; what is stale nobody tells, so it is looked for every few minutes.
 */
export const makeHandler =
  (dependencies: Dependencies) =>
  async (raw: unknown): Promise<void> => {
    const parsed = invocation.parse(raw);
    if (!('detail' in parsed)) return findStale(dependencies);
    const { tenant, ...detail } = parsed.detail;
    const event = headgateEvent.parse(detail);
    await followFreshness(dependencies, tenant, event);
    for (const finding of await findingsOf(dependencies.table, tenant, event))
      await settle(dependencies, finding);
  };

async function settle(dependencies: Dependencies, finding: Finding): Promise<void> {
  const { table, publish, deliveries, now, log } = dependencies;
  const incident = await judge(table, finding, now());
  if (incident === null) return;
  const { tenant, sourceId, kind, state } = incident;
  const source = await getSource(table, tenant, sourceId);
  if (source === null) return;
  const alert = alertOf(incident, source, now());
  await publish(tenant, alert);
  const told: Delivery[] = [];
  for await (const webhook of eachWebhook(table, tenant))
    if (webhook.isActive && webhook.topic === 'alerts' && isFor(webhook)({ sourceId }))
      told.push({
        tenant,
        webhookId: webhook.webhookId,
        id: alert.id,
        attempt: 1,
        payload: alert.payload,
        text: alert.text,
      });
  await deliveries.send(told);
  await noteTold(table, incident);
  log.info('incident told', { tenant, sourceId, kind, state });
}

async function followFreshness(
  { table }: Dependencies,
  tenant: string,
  { type, sourceId }: HeadgateEvent,
): Promise<void> {
  if (type !== 'sync_succeeded' && type !== 'source_changed') return;
  const source = await getSource(table, tenant, sourceId);
  await watchFreshness(table, tenant, sourceId, source === null ? null : staleFrom(source));
}

async function findStale(dependencies: Dependencies): Promise<void> {
  const { table, now } = dependencies;
  for await (const due of overdue(table, now())) {
    const { tenant, sourceId } = due;
    const seq = await readHead(table, tenant);
    const source = await getSource(table, tenant, sourceId);
    const from = source === null ? null : staleFrom(source);
    if (source === null || from === null || from > now()) {
      await watchFreshness(table, tenant, sourceId, from);
      continue;
    }
    const last = source.lastSuccessAt;
    await settle(dependencies, {
      tenant,
      sourceId,
      kind: 'stale',
      isWrong: true,
      detail: `${last === null ? 'It has never succeeded' : `Its last success was at ${last}`}, and it should be no older than ${inWords(source.freshnessTargetSeconds ?? 0)}.`,
      seq,
    });
    await stopWatching(table, due);
  }
}

function inWords(seconds: number): string {
  const [size, unit] =
    seconds >= 172_800 ? [86_400, 'days'] : seconds >= 7_200 ? [3_600, 'hours'] : [60, 'minutes'];
  return `${Math.round((seconds / Number(size)) * 10) / 10} ${unit}`;
}
