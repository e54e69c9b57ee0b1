import { refKey } from '../../files/fileItem.ts';
import type { FileFormatOptions } from '../../formats/fileFormatOptions.ts';
import type {
  Batch,
  Connector,
  Context,
  FileRef,
  LandedFile,
  StreamDescription,
} from '../connector.ts';
import { checkFiles } from './checkFiles.ts';
import {
  FileLedger,
  hashOfName,
  inOrder,
  type RemoteFilesCheckpoint,
  remoteFilesCheckpoint,
} from './fileLedger.ts';
import type { FileStore, ListedFile, OpenStore } from './fileStore.ts';
import { isWanted } from './isWanted.ts';
import type { RemoteFilesConfig } from './remoteFilesConfig.ts';
import { steadyBytes } from './steadyBytes.ts';

type Described = 'name' | 'title' | 'description' | 'docs' | 'authMethods';

/** What a connector of files elsewhere adds to the maker: words about itself, and its store. */
export interface RemoteFilesSpec<Config extends RemoteFilesConfig, Credentials>
  extends Pick<Connector<Config, Credentials>, Described | 'config' | 'credentials'> {
  readonly openStore: OpenStore<Config, Credentials>;
  /** How files are read: what of the config is meant for that. */
  readonly formatOf: (config: Config) => FileFormatOptions;
  /** What lies where, in words: `the bucket "exports"`. */
  readonly placeOf: (config: Config) => string;
  /** The user names every file, so that endings say nothing of what is to be loaded. Default: false. */
  readonly named?: boolean;
  /** Files younger than this may still be being written. Where writing is atomic: 0. */
  readonly settleSeconds: (config: Config) => number;
}

const streamName = 'files';
/** Of more files that wait, only the first are kept in mind; the place is then listed again. */
const mostWaiting = 50_000;

/**
 * A connector for files that lie elsewhere: one batch per file, in the order of their times, each with a checkpoint.
 * Files are told by name and version: one that changed takes the place of its rows, one that is known is passed over.
 * All files become one table. Large ones are read in parts, side by side.
 */
export function defineRemoteFilesConnector<Config extends RemoteFilesConfig, Credentials>(
  spec: RemoteFilesSpec<Config, Credentials>,
): Connector<Config, Credentials, RemoteFilesCheckpoint> {
  const { openStore, formatOf, placeOf, settleSeconds, named, ...described } = spec;
  const takes = named === true ? 'named' : 'readable';
  const stores = new WeakMap<Context<Config, Credentials>, FileStore>();
  const storeOf = (context: Context<Config, Credentials>): FileStore => {
    const store = stores.get(context) ?? openStore(context);
    stores.set(context, store);
    return store;
  };
  const openFile = (context: Context<Config, Credentials>, file: FileRef): LandedFile => ({
    name: file.name,
    versionId: file.versionId,
    bytes: file.bytes,
    modifiedAt: new Date(0),
    open: (from = 0) => steadyBytes(storeOf(context), file, from, context),
  });

  return {
    ...described,
    labels: ['files'],
    syncModes: ['incremental', 'full_refresh'],
    supportsContinuous: false,
    supportsDateRange: false,
    landing: false,
    checkpoint: remoteFilesCheckpoint,
    isComplete: ({ until, isFirst }) => until === null && !isFirst,
    openFile,

    check: (context) =>
      checkFiles(storeOf(context), placeOf(context.config), (file) =>
        isWanted(file, context.config.pattern, takes),
      ),

    async discover() {
      return [description];
    },

    forgetFiles(checkpoint, names) {
      const ledger = new FileLedger(checkpoint);
      for (const name of names) ledger.fail(name);
      return ledger.checkpoint(checkpoint);
    },

    async *read(context, _stream, from): AsyncGenerator<Batch<RemoteFilesCheckpoint>> {
      const { signal, config, landing } = context;
      signal.throwIfAborted();
      const ledger = new FileLedger(from);
      const options = formatOf(config);
      if (landing !== undefined) {
        for await (const file of landing.pending()) {
          signal.throwIfAborted();
          if (ledger.lookAt(file) === 'known') continue;
          ledger.add(file);
          const checkpoint = ledger.checkpoint({ until: null, isFirst: true });
          yield { body: { kind: 'file', file, options }, checkpoint };
        }
        signal.throwIfAborted();
        return;
      }
      const isFirst = from === null || from.isFirst;
      let until = from?.until ?? null;
      const mayRemove = config.removed === 'delete' && from !== null && until === null;
      let says = from !== null && from.until !== null;
      for (let round = 0; ; round += 1) {
        const found = await findFiles(context, storeOf(context), ledger, {
          until,
          isFirst,
          settledBefore: context.now().getTime() - settleSeconds(config) * 1000,
          names: mayRemove && round === 0,
          takes,
        });
        if (found.names !== null) {
          const missing = ledger.missing(found.names);
          const { names } = found;
          if (names.size === 0)
            context.log.warn('the source shows no file: no row is removed for that');
          else if (missing.length > 0 || !ledger.isWhole) {
            ledger.forget(missing);
            says = true;
            yield {
              body: { kind: 'records', records: [] },
              removesFiles: (name) => !names.has(hashOfName(name)),
            };
          }
        }
        until ??= found.latest;
        for (const [index, { file, replacesFile }] of found.waiting.entries()) {
          signal.throwIfAborted();
          ledger.add(file);
          const isDone = !found.isCut && index === found.waiting.length - 1;
          yield {
            body: { kind: 'file', file: openFile(context, file), options },
            ...(replacesFile ? { replacesFile } : {}),
            checkpoint: ledger.checkpoint(
              isDone ? { until: null, isFirst: false } : { until, isFirst },
            ),
          };
        }
        signal.throwIfAborted();
        says ||= found.isCut;
        if (found.isCut) continue;
        // Nothing was left of a read that was broken off, or only rows had to go: that is said, too.
        if (found.waiting.length === 0 && says)
          yield {
            body: { kind: 'records', records: [] },
            checkpoint: ledger.checkpoint({ until: null, isFirst: false }),
          };
        return;
      }
    },
  };
}

const description: StreamDescription = {
  name: streamName,
  columns: null,
  primaryKey: [],
  cursorFields: [],
  modes: ['incremental', 'full_refresh'],
  captures: 'changes',
  deletes: 'none',
  ordered: true,
  timeZone: 'UTC',
  supportsDateRange: false,
  notes: [
    'Each file is loaded once; when it changes, its rows are replaced.',
    'Columns are known once a file was read.',
  ],
};

interface Waiting {
  readonly file: ListedFile;
  readonly replacesFile: boolean;
}

interface Found {
  /** In order. */
  readonly waiting: readonly Waiting[];
  /** There are more. */
  readonly isCut: boolean;
  /** Time of the newest file, epoch milliseconds. */
  readonly latest: number;
  /** Hashes of all wanted names, where asked for. */
  readonly names: ReadonlySet<string> | null;
}

/** Lists the place, and keeps what is to be delivered. */
async function findFiles(
  { config, signal }: Context<RemoteFilesConfig, unknown>,
  store: FileStore,
  ledger: FileLedger,
  options: {
    readonly until: number | null;
    readonly isFirst: boolean;
    readonly settledBefore: number;
    readonly names: boolean;
    readonly takes: 'readable' | 'named';
  },
): Promise<Found> {
  const { until, isFirst, settledBefore } = options;
  const names = options.names ? new Set<string>() : null;
  let waiting: Waiting[] = [];
  let isCut = false;
  let latest = 0;
  const cut = (): void => {
    waiting.sort((one, other) => inOrder(one.file, other.file));
    if (waiting.length <= mostWaiting) return;
    waiting = waiting.slice(0, mostWaiting);
    isCut = true;
  };
  const listed = new Set<string>();
  for await (const page of store.list()) {
    signal.throwIfAborted();
    for (const file of page) {
      if (!isWanted(file, config.pattern, options.takes)) continue;
      names?.add(hashOfName(file.name));
      const at = file.modifiedAt.getTime();
      if (at > settledBefore) continue;
      if (at > latest) latest = at;
      const known = ledger.lookAt(file);
      if (known === 'known' || (until !== null && (at > until || known === 'failed'))) continue;
      // A first read shows each file as it was when it came to it: the next one takes what changed since.
      if (isFirst && known === 'changed') continue;
      if (listed.has(refKey(file))) continue;
      listed.add(refKey(file));
      waiting.push({ file, replacesFile: !isFirst && known !== 'new' });
    }
    if (waiting.length > 2 * mostWaiting) {
      cut();
      listed.clear();
      for (const { file } of waiting) listed.add(refKey(file));
    }
  }
  cut();
  return { waiting, isCut, latest, names };
}
