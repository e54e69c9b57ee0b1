import type { LandedFile } from '../connectors/connector.ts';
import { openDuckDb } from '../duckdb/openDuckDb.ts';
import { FileBytes } from '../formats/fileBytes.ts';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import { openFile, openTabular } from '../formats/openTabular.ts';
import type { LoaderState } from './loaderState.ts';
import { loadTabular } from './loadTabular.ts';
import { Publisher } from './publisher.ts';
import type { Counts, LoadedFile, OpenStreamLoader, StreamLoader } from './streamLoader.ts';
import { WorkingSchema } from './workingSchema.ts';

/** Opens the loader that turns one stream's batches into Parquet files. See `StreamLoader` for its promises. */
export const openStreamLoader: OpenStreamLoader = async (options) => {
  const { workFolder, memoryLimitMegabytes, threads, signal } = options;
  let names = 0;
  const state: LoaderState = {
    options,
    db: await openDuckDb({ workFolder, memoryLimitMegabytes, threads, signal }),
    schema: new WorkingSchema(options.schema, options.systemColumns, options.reserveFieldIds),
    data: new Publisher(options.dataPrefix, options.upload),
    adds: [],
    rejectFiles: [],
    rejectPublisher: new Publisher(options.rejectPrefix, options.upload),
    scratchName: (purpose) => `${purpose}${++names}`,
  };
  const totals = { read: 0, written: 0, rejected: 0, deduplicated: 0, bytes: 0 };
  const files: LoadedFile[] = [];
  const loader: StreamLoader = {
    async load({ body }) {
      signal.throwIfAborted();
      if (body.kind !== 'file') throw new TypeError(body.kind);
      const loaded = await loadFile(state, body.file, body.options);
      files.push(loaded.file);
      for (const key of ['read', 'written', 'rejected', 'bytes'] as const)
        totals[key] += loaded.counts[key];
      return loaded.counts;
    },
    async finish() {
      return {
        schema: state.schema.schema,
        adds: state.adds,
        rejects: state.rejectFiles,
        rewritten: [],
        counts: totals,
        files,
      };
    },
    async [Symbol.asyncDispose]() {
      await state.db[Symbol.asyncDispose]();
    },
  };
  return loader;
};

async function loadFile(
  state: LoaderState,
  file: LandedFile,
  options: FileFormatOptions,
): Promise<{ readonly counts: Counts; readonly file: LoadedFile }> {
  const bytes = new FileBytes(file, state.options.signal);
  const tabular = await openTabular(await openFile(bytes, options), options);
  const { read, written, rejected } = await loadTabular(state, {
    file: tabular,
    name: file.name,
    sourceFile: file.name,
  });
  return {
    counts: { read, written, rejected, deduplicated: 0, bytes: file.bytes },
    file: {
      name: file.name,
      versionId: file.versionId,
      rows: written,
      rejected,
      detected: tabular.detected,
      contentHash: bytes.contentHash as string,
    },
  };
}
