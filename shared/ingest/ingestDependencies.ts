import type { Connector } from '../connectors/connector.ts';
import type { FanOutOptions } from '../fanout/fanOutOptions.ts';
import type { Json } from '../json.ts';
import type { LiveFile } from '../lake/liveFile.ts';
import type { ObjectStore } from '../lake/tableChange.ts';
import type { TablePointer } from '../lake/tablePointer.ts';
import type { Log } from '../log.ts';
import type { Merge } from '../merge/merge.ts';
import type { SecretRef } from '../sources/sourceItem.ts';
import type { OpenStreamLoader } from '../staging/streamLoader.ts';
import type { Table } from '../table.ts';

/** What an Ingest function is made of. Nothing else of the outside is reached. */
export interface IngestDependencies {
  readonly connector: Connector;
  readonly table: Table;
  /** The lake bucket. */
  readonly store: ObjectStore;
  readonly upload: (localPath: string, key: string, signal: AbortSignal) => Promise<string>;
  readonly download: (path: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Bytes of one version of an object in the landing bucket. */
  readonly openLanded: (
    key: string,
    versionId: string,
    from: number,
    signal: AbortSignal,
  ) => AsyncIterable<Uint8Array>;
  readonly listLiveFiles: (
    store: ObjectStore,
    pointer: TablePointer,
    signal: AbortSignal,
  ) => AsyncIterable<LiveFile>;
  readonly openStreamLoader: OpenStreamLoader;
  readonly merge: Merge;
  /** Credentials by reference; MUST refuse a reference outside the tenant's prefix. */
  readonly readSecret: (tenant: string, ref: SecretRef, signal: AbortSignal) => Promise<Json>;
  /** Tries again by itself what may pass; with a deadline, a wait that is longer parks the run. */
  /** The tenant's key of hashed columns. */
  readonly readMaskKey: (tenant: string, signal: AbortSignal) => Promise<Uint8Array>;
  readonly createFetch: (signal: AbortSignal, deadline?: Deadline) => typeof fetch;
  readonly resolveHost: (host: string) => Promise<string>;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
  /** Of the whole function, in megabytes. */
  readonly memoryMegabytes: number;
  readonly threads: number;
  /** Parent of the scratch folders. */
  readonly scratchFolder: string;
  /** When work is shared out among functions; left out: never. */
  readonly fanOut?: FanOutOptions;
}

/** How long this invocation may still run. */
export interface Deadline {
  remainingMilliseconds(): number;
}
