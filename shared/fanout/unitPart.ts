import * as z from 'zod';
import { surveyedColumn } from '../formats/ranges/rangeLayout.ts';
import { stretchScan } from '../formats/ranges/scanStretch.ts';
import { json } from '../json.ts';
import { dataFile } from '../lake/dataFile.ts';
import { field } from '../lake/schema.ts';
import { counts, runError } from '../runs/runItem.ts';
import { schemaDrift } from '../schema/schemaDrift.ts';

const loadedFile = z.strictObject({
  name: z.string(),
  versionId: z.string(),
  rows: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  detected: z.string(),
  contentHash: z.string(),
});

const partReport = z.strictObject({
  survey: z.array(surveyedColumn),
  doubtful: z.array(z.string()),
  isUnreadable: z.boolean(),
  pieces: z.array(z.string()),
});

/** `Loaded`, without what a unit never has. */
export const unitLoad = z.strictObject({
  schema: z.array(field),
  adds: z.array(dataFile),
  rejects: z.array(dataFile),
  counts,
  files: z.array(loadedFile),
  drift: schemaDrift.nullable(),
  delivered: z.array(z.string()),
  parts: z.array(partReport),
});
export type UnitLoad = z.infer<typeof unitLoad>;

/**
 * What a unit did in one of its invocations. Written once, with If-None-Match: of two tries the first to finish
 * counts, and the other takes its word.
 */
export const unitPart = z.strictObject({
  v: z.literal(1),
  /** The connector's checkpoint behind it. */
  position: json.nullable(),
  /** False: the unit has more to do. */
  finished: z.boolean(),
  loaded: unitLoad.nullable(),
  scan: stretchScan.nullable(),
  /** Files that could not be read. */
  failures: z.array(runError),
  fresh: z.boolean(),
  replacesNullCursor: z.boolean(),
  gigabyteSeconds: z.number().nonnegative(),
});
export type UnitPart = z.infer<typeof unitPart>;

/** Why a unit failed: what Lambda hands on says less. */
export const unitFailure = z.strictObject({ v: z.literal(1), error: runError });
export type UnitFailure = z.infer<typeof unitFailure>;
