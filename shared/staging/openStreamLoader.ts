import { join } from 'node:path';
import type { SourceRecord } from '../connectors/connector.ts';
import { Fifos } from '../duckdb/fifos.ts';
import { openDuckDb } from '../duckdb/openDuckDb.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Column } from '../lake/schema.ts';
import { noRules } from '../schema/columnRules.ts';
import { DriftLog } from '../schema/driftLog.ts';
import { nestedRecord } from '../schema/nestedRecord.ts';
import { RuleBook } from '../schema/ruleBook.ts';
import { ValueMask } from '../schema/valueMask.ts';
import type { PartReport } from './filePart.ts';
import { loadColumns } from './loadColumns.ts';
import { loadCopyCsv } from './loadCopyCsv.ts';
import type { LoaderState } from './loaderState.ts';
import { loadFile } from './loadFile.ts';
import { loadFilePart } from './loadFilePart.ts';
import { loadRejects } from './loadRejects.ts';
import { propose } from './proposal.ts';
import { Publisher } from './publisher.ts';
import { quietDuckDb } from './quietDuckDb.ts';
import { RecordSpool } from './recordSpool.ts';
import { RecordWriter } from './recordWriter.ts';
import { rewriteAdds, rewriteLive } from './rewriteFiles.ts';
import { SamplingPublisher } from './samplingPublisher.ts';
import type { Counts, LoadedFile, OpenStreamLoader, StreamLoader } from './streamLoader.ts';
import { UndeclaredColumns } from './undeclaredColumns.ts';
import { WorkingSchema } from './workingSchema.ts';

/**
 * Opens the loader that turns one stream's batches into Parquet files. See `StreamLoader` for its promises.
 * `memoryLimitMegabytes` is DuckDB's share; Node needs about 150 MB besides.
 */
export const openStreamLoader: OpenStreamLoader = async (options) => {
  const { workFolder, memoryLimitMegabytes, threads, signal } = options;
  let names = 0;
  const given = options.rules ?? noRules;
  // A table that is only just being made has nothing to keep to.
  const isNew = (options.agreed ?? options.schema).length === 0;
  const rules = isNew ? { ...given, contract: 'evolve' as const } : given;
  const book = new RuleBook(rules, options.stream.columns);
  const mask = new ValueMask(rules.maskKey);
  const drift = new DriftLog(options.schema, book);
  const opened = openDuckDb({ workFolder, memoryLimitMegabytes, threads, signal });
  const db = book.hasMasks ? quietDuckDb(opened, signal) : opened;
  await mask.prepare(db);
  const adds: DataFile[] = [];
  const state: LoaderState = {
    options,
    db,
    fifos: new Fifos(join(workFolder, 'pipes')),
    book,
    mask,
    drift,
    schema: new WorkingSchema({
      stream: options.stream.name,
      schema: options.agreed ?? options.schema,
      systemColumns: options.systemColumns,
      reserve: options.reserveFieldIds,
      ...(options.known === undefined ? {} : { known: options.known }),
      book,
      drift,
      files: async () => [...(await options.liveFiles()).map(({ file }) => file), ...adds],
    }),
    data: new SamplingPublisher(options.dataPrefix, options.upload, { db, drift }),
    adds,
    rejectFiles: [],
    rejectPublisher: new Publisher(options.rejectPrefix, options.upload),
    scratchName: (purpose) => `${purpose}${++names}`,
  };
  const files: LoadedFile[] = [];
  const parts: PartReport[] = [];
  const replayed: string[] = [];
  let totals: Counts = { read: 0, written: 0, rejected: 0, deduplicated: 0, bytes: 0 };
  /** Records wait here for more of them, until another kind of batch, or the end, comes. */
  let open: RecordWriter | RecordSpool | null = null;
  let isFinished = false;

  const undeclared = new UndeclaredColumns(state);
  const reshape = nestedRecord(book, mask);

  const endRecords = async (): Promise<void> => {
    const ending = open;
    open = null;
    if (ending === null) return;
    await using _ = ending;
    const late = await ending.end();
    totals = { ...totals, written: totals.written - late, rejected: totals.rejected + late };
  };
  const loadRecords = async (
    given: readonly SourceRecord[],
    declared: readonly Column[] | null,
  ): Promise<Counts> => {
    let records = given;
    let onlyDeclared = false;
    if (declared === null) {
      if (!(open instanceof RecordSpool)) await endRecords();
      open ??= new RecordSpool(state);
    } else {
      if (reshape !== null) records = given.map(reshape);
      const found = undeclared.with(declared, records);
      ({ onlyDeclared } = found);
      if (!(open instanceof RecordWriter && open.takes(found.columns))) await endRecords();
      open ??= await RecordWriter.open(state, found.columns);
    }
    const { bytes, rejected } = await open.write(records, onlyDeclared);
    const { length } = records;
    return { read: length, written: length - rejected, rejected, deduplicated: 0, bytes };
  };

  const loader: StreamLoader = {
    async load({ body, columns: batchColumns }) {
      signal.throwIfAborted();
      if (isFinished) throw new TypeError('a finished loader takes no more batches');
      const columns = batchColumns ?? options.columns;
      let counts: Counts;
      switch (body.kind) {
        case 'records':
          counts = await loadRecords(body.records, columns);
          break;
        case 'copyCsv':
          await endRecords();
          if (columns === null) throw new TypeError('a copyCsv batch needs declared columns');
          counts = await loadCopyCsv(state, body.open, columns);
          break;
        case 'columns':
          await endRecords();
          if (columns === null) throw new TypeError('decoded rows need declared columns');
          counts = await loadColumns(state, body.fill, columns);
          break;
        case 'file': {
          await endRecords();
          const loaded = await loadFile(state, body.file, body.options);
          files.push(loaded.file);
          ({ counts } = loaded);
          break;
        }
        case 'filePart': {
          await endRecords();
          const loaded = await loadFilePart(state, body);
          files.push(loaded.file);
          parts.push(loaded.report);
          ({ counts } = loaded);
          break;
        }
        case 'rejects':
          await endRecords();
          counts = await loadRejects(state, body.file, columns);
          replayed.push(body.file.path);
      }
      totals = {
        read: totals.read + counts.read,
        written: totals.written + counts.written,
        rejected: totals.rejected + counts.rejected,
        deduplicated: totals.deduplicated + counts.deduplicated,
        bytes: totals.bytes + counts.bytes,
      };
      return counts;
    },
    async propose(proposal) {
      await endRecords();
      return propose(state, proposal);
    },
    async finish() {
      isFinished = true;
      await endRecords();
      await rewriteAdds(state);
      const rewrites = options.agreed === undefined ? await rewriteLive(state) : [];
      return {
        schema: state.schema.schema,
        adds: state.adds,
        rejects: state.rejectFiles,
        rewrites,
        counts: totals,
        files,
        drift: drift.result(state.schema.schema, state.schema.retyped),
        delivered: state.schema.delivered,
        ...(replayed.length === 0 ? {} : { replayed }),
        ...(parts.length === 0 ? {} : { parts }),
      };
    },
    async [Symbol.asyncDispose]() {
      isFinished = true;
      await open?.[Symbol.asyncDispose]();
      await state.db[Symbol.asyncDispose]();
    },
  };
  return loader;
};
