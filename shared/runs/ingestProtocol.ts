import * as z from 'zod';
import { fileRef } from '../files/fileItem.ts';
import { json } from '../json.ts';
import { dataFile } from '../lake/dataFile.ts';
import { field } from '../lake/schema.ts';
import { schemaDrift } from '../schema/schemaDrift.ts';
import { counts, fileCounts, runError } from './runItem.ts';

/** What starts an execution. Its name is the run id, so a second start is the same execution. */
export const executionInput = z.strictObject({
  v: z.literal(1),
  tenant: z.string(),
  sourceId: z.string(),
  runId: z.string(),
  token: z.int().positive(),
  connector: z.string(),
  /** Number of the next commit; 1 at the start. */
  seq: z.int().positive(),
  /** The last CONTINUE's or PARK's checkpoint; null at the start. */
  checkpoint: json.nullable(),
});
export type ExecutionInput = z.infer<typeof executionInput>;

/** What the state machine hands to an Ingest function. */
export const ingestInput = executionInput.extend({ op: z.literal('ingest') });
export type IngestInput = z.infer<typeof ingestInput>;

/** Staged work: `commits` commits, numbered from the input's `seq`, described by the object at `stagedKey`. */
const staged = {
  attempt: z.int().positive(),
  stagedKey: z.string().nullable(),
  commits: z.int().nonnegative(),
};

/**
 * What an Ingest function answers. Only files named by the staged object of an accepted answer exist.
 * A CONTINUE, PARK or FANOUT whose checkpoint equals the one given in is never answered: the function fails with
 * `no_progress` instead.
 */
export const ingestAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('DONE'), ...staged }),
  z.strictObject({ kind: z.literal('CONTINUE'), ...staged, checkpoint: json }),
  z.strictObject({
    kind: z.literal('PARK'),
    ...staged,
    checkpoint: json,
    until: z.iso.datetime(),
    reason: z.string(),
  }),
  /** What follows is done by units side by side, each a child execution; the next Ingest collects their work. */
  z.strictObject({
    kind: z.literal('FANOUT'),
    ...staged,
    checkpoint: json,
    /** JSON Lines in the lake bucket, one `{ unit, from, to }` for each unit. */
    itemsKey: z.string(),
    /** The object all units share; see `shared/fanout/fanOutPlan.ts`. */
    planKey: z.string(),
    units: z.int().positive(),
    /** How many units may be at work at a time. */
    concurrency: z.int().positive(),
  }),
]);
export type IngestAnswer = z.infer<typeof ingestAnswer>;

/** A landed file as it was read; without rows of its own where it is a duplicate. */
export const stagedFile = z.strictObject({
  name: z.string(),
  versionId: z.string(),
  rows: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  detected: z.string(),
  contentHash: z.string(),
  duplicateOf: fileRef.optional(),
});
export type StagedFile = z.infer<typeof stagedFile>;

/** One commit of one stream, waiting in S3 (`runs/<tenant>/<runId>/a<attempt>/staged.json`). */
export const stagedCommit = z.strictObject({
  stream: z.string(),
  schema: z.array(field),
  adds: z.array(dataFile),
  /** Position-delete files; see `TableChange.deletes`. */
  deletes: z.array(dataFile).optional(),
  /**
   * The snapshot that `deletes`, or files to remove, were computed against: the commit is refused when it is not the
   * table's any more. Absent where it does not matter.
   */
  basedOn: z.string().nullable().optional(),
  /** Live rows that this commit takes out: superseded by newer ones, out of a window, deleted at the source. */
  superseded: z.int().nonnegative().optional(),
  rejects: z.array(dataFile),
  /** Files of the reject table whose rows were loaded again: they go in the same commit. */
  replayed: z.array(z.string()).optional(),
  /** How the rows differ from the table they were read for; absent: nobody looked. */
  drift: schemaDrift.nullable().optional(),
  /** Table, rejects and cursor go back to `StreamItem.before`; everything else of the commit is empty. */
  reverts: z.literal(true).optional(),
  removes: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('nothing') }),
    z.strictObject({ kind: z.literal('everything') }),
    z.strictObject({ kind: z.literal('sourceFiles'), names: z.array(z.string()) }),
    z.strictObject({ kind: z.literal('files'), paths: z.array(z.string()) }),
  ]),
  /** Uploads whose earlier rows and rejects go in the same snapshot, besides `removes`. */
  replaces: z.array(z.string()),
  /**
   * Present for a full refresh that takes more than one invocation. With a `position` this is a part: Commit keeps
   * it aside, makes no snapshot, and remembers where to go on. Without, it completes the parts of the same hash.
   */
  stage: z
    .strictObject({
      hash: z.string(),
      position: json.optional(),
      /** Files of the table or of earlier parts that are written again because a column changed its type. */
      rewrites: z.array(z.strictObject({ path: z.string(), file: dataFile.nullable() })).optional(),
    })
    .optional(),
  /** The stream's cursor after this commit; absent leaves it alone. */
  cursor: json.nullable().optional(),
  /** With `cursor`: the read that it stands in is not complete. */
  unfinished: z.boolean().optional(),
  /** With a part that is kept aside: the landed files it holds, claimed once the whole is committed. */
  files: z.array(stagedFile).optional(),
  counts,
});
export type StagedCommit = z.infer<typeof stagedCommit>;

export const stagedWork = z.strictObject({
  v: z.literal(1),
  commits: z.array(stagedCommit),
  /** Landed files that these commits change: whose rows they bring, or remove. */
  files: z.array(fileRef),
  fileCounts: fileCounts.optional(),
  /** Streams that failed while others went on. */
  failures: z.array(runError.required({ stream: true })),
  /** What a run that commits nothing found: something earlier, or an empty source. */
  empty: z.enum(['nothing_new', 'no_data']),
  /** The `fileSeq` up to which all files were taken. */
  drainedSeq: z.int().nonnegative().optional(),
  gigabyteSeconds: z.number().nonnegative(),
  /** State transitions of the units whose work this is, for the run's price. */
  unitTransitions: z.int().nonnegative().optional(),
});
export type StagedWork = z.infer<typeof stagedWork>;

/** Key of the object an answer's `stagedKey` names, in the lake bucket. */
export const stagedKey = (tenant: string, runId: string, attempt: number): string =>
  `runs/${tenant}/${runId}/a${attempt}/staged.json`;

/** What the state machine hands to Commit, and what Commit answers. */
export const commitInput = executionInput.extend({ answer: ingestAnswer });
export type CommitInput = z.infer<typeof commitInput>;
export const commitOutput = z.strictObject({ seq: z.int().positive() });

/** What the state machine hands to Fail: the error as Step Functions caught it. */
export const failInput = executionInput.extend({
  error: z.string(),
  /** Lambda's `{ errorType, errorMessage, trace }` as JSON, or plain text. */
  cause: z.string(),
});
export type FailInput = z.infer<typeof failInput>;

/** What the API asks a connector's function directly (25 s). */
export const probeInput = z.strictObject({
  v: z.literal(1),
  op: z.enum(['check', 'discover']),
  tenant: z.string(),
  connector: z.string(),
  config: z.record(z.string(), json),
  /** Given in clear for a source that does not exist yet; else read from the secret. */
  credentials: z.record(z.string(), json).optional(),
  secretRef: z.strictObject({ arn: z.string(), jsonKey: z.string().optional() }).optional(),
});
export type ProbeInput = z.infer<typeof probeInput>;
