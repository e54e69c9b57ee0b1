import type { Context, FileRef } from '../connector.ts';

/** A file as a listing shows it. */
export interface ListedFile extends FileRef {
  readonly modifiedAt: Date;
}

/**
 * A place that holds files: a bucket, a container, a server's folder. Errors are HeadgateErrors: `source_not_found` for
 * the place itself, `source_forbidden`, `invalid_credentials`, `source_unreachable`, …
 */
export interface FileStore {
  /** Every file of the place, or more than those: in pages, in any order, each once. Names are whole paths. */
  list(): AsyncIterable<readonly ListedFile[]>;
  /**
   * The bytes of exactly this version from an offset on. Throws `file_changed` when it is another one by now or is
   * gone, `source_unreachable` when the connection breaks, `file_unreadable` for a file that cannot be had at all.
   */
  open(file: FileRef, from: number): AsyncIterable<Uint8Array>;
  /** For a check, where listing may take long: asks for as little as shows that the files can be read. */
  reach?(): Promise<void>;
}

/** Makes the store of a source. Nothing is dialled before the store is asked something. */
export type OpenStore<Config, Credentials> = (context: Context<Config, Credentials>) => FileStore;
