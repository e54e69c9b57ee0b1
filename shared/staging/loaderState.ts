import type { Fifos } from '../duckdb/fifos.ts';
import type { DuckDb } from '../duckdb/openDuckDb.ts';
import { sqlText } from '../duckdb/openDuckDb.ts';
import type { DataFile } from '../lake/dataFile.ts';
import { duckdbType } from '../lake/duckdbTypes.ts';
import type { Field } from '../lake/schema.ts';
import type { DriftLog } from '../schema/driftLog.ts';
import type { RuleBook } from '../schema/ruleBook.ts';
import type { ValueMask } from '../schema/valueMask.ts';
import type { Publisher } from './publisher.ts';
import type { StreamLoaderOptions } from './streamLoader.ts';
import type { WorkingSchema } from './workingSchema.ts';

/** What one loader's batches share. */
export interface LoaderState {
  readonly options: StreamLoaderOptions;
  readonly db: DuckDb;
  /** Pipes into it. */
  readonly fifos: Fifos;
  readonly schema: WorkingSchema;
  /** What is decided about each column. */
  readonly book: RuleBook;
  readonly mask: ValueMask;
  readonly drift: DriftLog;
  readonly data: Publisher;
  readonly adds: DataFile[];
  readonly rejectFiles: DataFile[];
  readonly rejectPublisher: Publisher;
  /** A name for scratch files that nobody else has. */
  scratchName(purpose: string): string;
}

/** Fields and SQL for the system columns of rows that come from `sourceFile`. */
export function systemOutputs(
  { options }: Pick<LoaderState, 'options'>,
  schema: readonly Field[],
  sourceFile: string | null,
  more: Readonly<Partial<Record<string, string>>> = {},
): { readonly fields: readonly Field[]; readonly expressions: readonly string[] } {
  const values: Readonly<Partial<Record<string, string>>> = {
    _run_id: sqlText(options.runId),
    _ingested_at: `TIMESTAMPTZ ${sqlText(options.ingestedAt.toISOString())}`,
    ...(sourceFile === null ? {} : { _source_file: sqlText(sourceFile) }),
    _unfit: 'NULL',
    ...more,
  };
  const fields = schema.filter(({ name }) => Object.hasOwn(values, name));
  return {
    fields,
    expressions: fields.map(({ name, type }) => `CAST(${values[name]} AS ${duckdbType(type)})`),
  };
}

/** The system columns that rows have which come from no file, and the value of each; null: `_unfit`. */
export function systemValues(
  { options }: Pick<LoaderState, 'options'>,
  schema: readonly Field[],
): { readonly field: Field; readonly value: string | Date | null }[] {
  const values = new Map<string, string | Date | null>([
    ['_run_id', options.runId],
    ['_ingested_at', options.ingestedAt],
    ['_unfit', null],
  ]);
  return schema.flatMap((field) => {
    const value = values.get(field.name);
    return value === undefined ? [] : [{ field, value }];
  });
}
