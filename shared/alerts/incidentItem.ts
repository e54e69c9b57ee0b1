import * as z from 'zod';
import { sourceKey } from '../table.ts';

export const incidentKind = z.enum(['failing', 'stale', 'no_rows', 'breaking_drift']);
export type IncidentKind = z.infer<typeof incidentKind>;

/**
 * What is wrong with a source, from when it began until it ended. Sort key `INCIDENT#<kind>`: at most one of each kind at
 * a time. `told` lags behind `state` until everybody was told, so that one who dies in between is made up for.
 */
export const incidentItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  kind: incidentKind,
  state: z.enum(['open', 'resolved']),
  told: z.enum(['open', 'resolved']).nullable(),
  /** Names this incident: the next one of the same kind has another. */
  id: z.string(),
  since: z.iso.datetime(),
  /** What is wrong, in a sentence. */
  detail: z.string(),
  /** Number of the event that said so last; an older one says nothing new. */
  seq: z.int().nonnegative(),
});
export type IncidentItem = z.infer<typeof incidentItem>;

export const incidentPrefix = 'INCIDENT#';
export const incidentKey = (
  tenant: string,
  sourceId: string,
  kind: IncidentKind,
): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `${incidentPrefix}${kind}`,
});
