import * as z from 'zod';
import type { FileFormatOptions } from '../formats/fileFormatOptions.ts';
import type { Batch, Connector, LandedFile, LandedFiles } from './connector.ts';
import { matchesGlob } from './matchesGlob.ts';

/** Where a reading of landed files stands. */
export const filesCheckpoint = z.strictObject({
  v: z.literal(1),
  /** The last file delivered. */
  after: z.strictObject({ name: z.string(), versionId: z.string() }),
  /** Nothing was waiting behind it. */
  isDone: z.boolean(),
});
export type FilesCheckpoint = z.infer<typeof filesCheckpoint>;

/** There is nothing to sign in to: files come to Headgate. */
const noCredentials = z.strictObject({});

/** Options every kind of file source may add to how files are read. */
export interface LandedFilesConfig extends FileFormatOptions {
  readonly pattern?: string | undefined;
}

type Described = 'name' | 'title' | 'description' | 'docs' | 'fileTypes';

/** What a source of landed files adds to the maker: words about itself, the endings it takes, its options. */
export interface LandedFilesSpec<Config extends LandedFilesConfig>
  extends Required<Pick<Connector<Config>, Described>>,
    Pick<Connector<Config>, 'config'> {}

/** All files of a source become one table; its name is the source's. */
const streamName = 'files';

/**
 * A connector for files that land in Headgate's own bucket: uploaded, or dropped into the source's folder. One
 * batch per file, each with a checkpoint, so a run stops and resumes between files. Which files wait is the
 * platform's ledger (`LandedFiles`), not the checkpoint's business: a file that failed comes again when asked for.
 */
export function defineLandedFilesConnector<Config extends LandedFilesConfig>(
  spec: LandedFilesSpec<Config>,
): Connector<Config, z.infer<typeof noCredentials>, FilesCheckpoint> {
  return {
    ...spec,
    labels: ['files'],
    authMethods: [{ name: 'none', title: 'Nothing to sign in to', fields: [] }],
    syncModes: ['incremental', 'full_refresh'],
    supportsContinuous: false,
    supportsDateRange: false,
    landing: true,
    credentials: noCredentials,
    checkpoint: filesCheckpoint,
    isComplete: ({ isDone }) => isDone,

    async check() {
      return {
        ok: true,
        message: 'Files are uploaded to Headgate or dropped into the source’s folder.',
      };
    },

    async discover() {
      return [
        {
          name: streamName,
          columns: null,
          primaryKey: [],
          cursorFields: [],
          modes: ['incremental', 'full_refresh'],
          captures: 'inserts',
          deletes: 'none',
          ordered: true,
          timeZone: 'UTC',
          supportsDateRange: false,
          notes: [
            'Each file is loaded once. Upload it again with “replace” to exchange its rows, or delete it to remove them.',
            'Columns are known once a file was read.',
          ],
        },
      ];
    },

    async *read(
      { config, landing, signal },
      _stream,
      from,
    ): AsyncGenerator<Batch<FilesCheckpoint>> {
      signal.throwIfAborted();
      if (landing === undefined) return;
      const { pattern, ...options } = config;
      const files = waiting(landing, from, pattern)[Symbol.asyncIterator]();
      // One file ahead, to know the last one when it is delivered.
      let next = await files.next();
      while (next.done !== true) {
        signal.throwIfAborted();
        const file: LandedFile = next.value;
        next = await files.next();
        const { name, versionId } = file;
        yield {
          body: { kind: 'file', file, options: options as FileFormatOptions },
          checkpoint: { v: 1, after: { name, versionId }, isDone: next.done === true },
        };
      }
      signal.throwIfAborted();
    },
  };
}

async function* waiting(
  landing: LandedFiles,
  from: FilesCheckpoint | null,
  pattern: string | undefined,
): AsyncGenerator<LandedFile> {
  const matches = (name: string): boolean => pattern === undefined || matchesGlob(name, pattern);
  const after = from?.after ?? null;
  const isAfter = ({ name, versionId }: LandedFile): boolean =>
    name === after?.name && versionId === after.versionId;
  // The middle of a reading of all files, from a ledger that lists them all again.
  let isSkipping = false;
  if (from?.isDone === false)
    for await (const file of landing.pending())
      if (isAfter(file)) {
        isSkipping = true;
        break;
      }
  for await (const file of landing.pending()) {
    if (!isSkipping && matches(file.name)) yield file;
    if (isSkipping && isAfter(file)) isSkipping = false;
  }
}
