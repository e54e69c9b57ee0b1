import * as z from 'zod';
import { columnType } from '../lake/schema.ts';
import { sourceKey } from '../table.ts';
import { schemaDrift } from './schemaDrift.ts';

/**
 * How one commit's rows differed from the table, where that was news. Sort key `DRIFT#<runId>#<seq>`, so those of a
 * run are next to each other and the newest come last.
 */
export const driftItem = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  runId: z.string(),
  seq: z.int().positive(),
  stream: z.string(),
  at: z.iso.datetime(),
  isBreaking: z.boolean(),
  drift: schemaDrift,
});
export type DriftItem = z.infer<typeof driftItem>;

export const driftPrefix = 'DRIFT#';
export const driftOfRunPrefix = (runId: string): string => `${driftPrefix}${runId}#`;

export const driftItemKey = ({
  tenant,
  sourceId,
  runId,
  seq,
}: Pick<DriftItem, 'tenant' | 'sourceId' | 'runId' | 'seq'>): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `${driftOfRunPrefix(runId)}${String(seq).padStart(6, '0')}`,
});

/**
 * What is known to differ, so that it is told once and not again with every run. Sort key `KNOWNDRIFT#<stream>`;
 * written by Commit only.
 */
export const knownDrift = z.strictObject({
  v: z.literal(1),
  /** Columns kept out by the contract. */
  added: z.array(z.string()),
  removed: z.array(z.string()),
  /** Column → the type its values would need. */
  changed: z.record(z.string(), columnType.nullable()),
});
export type KnownDrift = z.infer<typeof knownDrift>;

export const knownDriftKey = (
  tenant: string,
  sourceId: string,
  stream: string,
): { pk: string; sk: string } => ({
  pk: sourceKey(tenant, sourceId),
  sk: `KNOWNDRIFT#${stream}`,
});
