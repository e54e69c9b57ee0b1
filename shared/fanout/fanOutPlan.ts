import * as z from 'zod';
import { fileFormatOptions } from '../formats/fileFormatOptions.ts';
import { rangeLayout } from '../formats/ranges/rangeLayout.ts';
import { stretchScan } from '../formats/ranges/scanStretch.ts';
import type { StreamPlan } from '../ingest/planStreams.ts';
import { json } from '../json.ts';
import { field } from '../lake/schema.ts';
import { stagedFile } from '../runs/ingestProtocol.ts';

const count = z.int().nonnegative();

/** A landed file, by its exact version. */
export const landedRef = z.strictObject({
  name: z.string(),
  versionId: z.string(),
  bytes: count,
});
export type LandedRef = z.infer<typeof landedRef>;

/** What one unit does. `cut` is the place of a file among the plan's `cuts`. */
export const unitWork = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('files'), files: z.array(landedRef) }),
  z.strictObject({ kind: z.literal('slice'), slice: json }),
  /** Looks where rows begin in bytes `[from, to)`; loads nothing. */
  z.strictObject({ kind: z.literal('scan'), cut: count, from: count, to: count }),
  z.strictObject({
    kind: z.literal('rows'),
    cut: count,
    from: count,
    to: count,
    firstLine: z.int().positive(),
    isFirst: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('rowGroups'),
    cut: count,
    first: count,
    end: count,
    from: count,
    to: count,
    rowsBefore: count,
  }),
]);
export type UnitWork = z.infer<typeof unitWork>;

/** A file that is loaded in parts. */
export const cutFile = z.strictObject({
  file: landedRef,
  options: fileFormatOptions,
  /** null: Parquet, whose row groups are parts. */
  text: z
    .strictObject({ layout: rangeLayout, dataByte: count, firstLine: z.int().positive() })
    .nullable(),
  /** Of a Parquet file; the parts of a text file are known once it was scanned. */
  parts: z.array(unitWork),
  /** What its stretches showed, once they were looked at. */
  scans: z.array(stretchScan.omit({ segments: true })),
});
export type CutFile = z.infer<typeof cutFile>;

/** Where a unit's work lies: below `<prefix><unit>/`. */
export const unitPlace = z.strictObject({ prefix: z.string(), unit: count });
export type UnitPlace = z.infer<typeof unitPlace>;

/**
 * What all units of one FANOUT share. An object of its own, written once: a later look at the same work (another
 * phase, units that have to be done again) makes another.
 */
export const fanOutPlan = z.strictObject({
  v: z.literal(1),
  stream: z.string(),
  /** Of the Ingest invocation that made it; part of the keys of everything its units write. */
  attempt: z.int().positive(),
  /** `scan`: units look where rows begin. `load`: they load. */
  phase: z.enum(['scan', 'load']),
  /** How often units had to be done again because they disagreed. */
  round: count,
  /** The stream as the planner saw it, so that no unit sees another. */
  streamPlan: z.custom<StreamPlan>((value) => typeof value === 'object' && value !== null),
  /** Where the read began, and where it stands once all units are done. */
  from: json.nullable(),
  position: json.nullable(),
  /** False: more is to be read after these units. */
  finished: z.boolean(),
  stageHash: z.string(),
  pieceBytes: z.int().positive(),
  ingestedAt: z.iso.datetime(),
  /** The table's schema, the one units begin with, and every field that was ever made of a new column. */
  schema: z.array(field),
  agreed: z.array(field),
  known: z.array(field),
  /** All files it is about; `replaces`: their earlier rows go. */
  files: z.array(landedRef.extend({ replaces: z.boolean() })),
  /** Files that are not read, because the bytes of a loaded one are the same. */
  duplicates: z.array(stagedFile).optional(),
  cuts: z.array(cutFile),
  /** In the order in which one reading would come to them: groups of whole files, and places among `cuts`. */
  sequence: z.array(
    z.union([z.strictObject({ files: z.array(landedRef) }), z.strictObject({ cut: count })]),
  ),
  /** JSON Lines, a `UnitWork` for each unit of `places`. */
  unitsKey: z.string(),
  places: z.array(unitPlace),
});
export type FanOutPlan = z.infer<typeof fanOutPlan>;

/** One line of the object that the Map reads: a unit, and the bytes of `unitsKey` that describe it. */
export interface MapItem {
  readonly unit: number;
  readonly from: number;
  readonly to: number;
}

/** Prefix of everything one Ingest invocation writes about a FANOUT. */
export const fanOutPrefix = (
  { tenant, runId }: { readonly tenant: string; readonly runId: string },
  attempt: number,
): string => `runs/${tenant}/${runId}/a${attempt}/units/`;

/** Key of what one unit did in one of its invocations. */
export const partKey = ({ prefix, unit }: UnitPlace, part: number): string =>
  `${prefix}${unit}/${part}.json`;

/** Key of why a unit failed when its part was tried; the first try's stays. */
export const failureKey = ({ prefix, unit }: UnitPlace, part: number): string =>
  `${prefix}${unit}/${part}.failed.json`;
