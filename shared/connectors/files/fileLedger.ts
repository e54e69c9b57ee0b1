import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ListedFile } from './fileStore.ts';

const place = z.strictObject({ at: z.number(), name: z.string() });
/** Where a file stands in the order of reading: by time, then by name. */
type Place = z.infer<typeof place>;

/** Where reading the files of a place stands. */
export const remoteFilesCheckpoint = z.strictObject({
  v: z.literal(1),
  /** A hash of the name and one of the version of each file that was delivered, one after the other. */
  seen: z.string(),
  /** Files up to here were delivered too, but are no longer told one by one; null: none. */
  horizon: place.nullable(),
  /** Hashes of names of files that could not be loaded: the next read delivers them again. */
  failed: z.string(),
  /** A read that is not over takes files up to this time (epoch milliseconds); null: the read is over. */
  until: z.number().nullable(),
  /** The first read is not over. */
  isFirst: z.boolean(),
});
export type RemoteFilesCheckpoint = z.infer<typeof remoteFilesCheckpoint>;

/** Characters of base64url: 42 bits tell 2,000 names apart, 36 the versions of one. */
const nameLength = 7;
const versionLength = 6;
/** So that a checkpoint stays below 32 KB. */
export const mostSeen = 2_100;
const mostFailed = 400;
const longestName = 1_100;

const hash = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, length);

/** What stands for a file's name in a ledger. */
export const hashOfName = (name: string): string => hash(name, nameLength);

const isAfter = (one: Place, other: Place): boolean =>
  one.at > other.at || (one.at === other.at && one.name > other.name);

const placeOf = ({ modifiedAt, name }: ListedFile): Place => ({ at: modifiedAt.getTime(), name });

/** The order in which files are read. */
export const inOrder = (one: ListedFile, other: ListedFile): number =>
  isAfter(placeOf(one), placeOf(other)) ? 1 : -1;

/**
 * Which files were delivered. The newest are told one by one, whatever their times, so that a file that shows up late
 * with an old time is still found; of more than that, those below a horizon count as delivered.
 */
export class FileLedger {
  readonly #seen: Map<string, string>;
  readonly #failed: Set<string>;
  /** Places of files that are in the listing, for those in `#seen`; sorted when something has to go. */
  readonly #places = new Map<string, Place>();
  #queue: { readonly key: string; readonly place: Place }[] | null = null;
  #horizon: Place | null;

  constructor(from: RemoteFilesCheckpoint | null) {
    this.#seen = new Map(
      split(from?.seen ?? '', nameLength + versionLength).map((entry) => [
        entry.slice(0, nameLength),
        entry.slice(nameLength),
      ]),
    );
    this.#failed = new Set(split(from?.failed ?? '', nameLength));
    this.#horizon = from?.horizon ?? null;
  }

  /** `known`: as it is. `changed`: another version was delivered; `unsure`: may have been; `new`: none was. */
  lookAt(file: ListedFile): 'known' | 'changed' | 'unsure' | 'new' | 'failed' {
    const key = hashOfName(file.name);
    if (this.#failed.has(key)) return 'failed';
    const version = this.#seen.get(key);
    if (version !== undefined) {
      if (version !== hash(file.versionId, versionLength)) return 'changed';
      this.#places.set(key, placeOf(file));
      return 'known';
    }
    if (this.#horizon === null) return 'new';
    return isAfter(placeOf(file), this.#horizon) ? 'unsure' : 'known';
  }

  add(file: ListedFile): void {
    const key = hashOfName(file.name);
    this.#failed.delete(key);
    this.#seen.set(key, hash(file.versionId, versionLength));
    this.#places.set(key, placeOf(file));
    this.#queue?.push({ key, place: placeOf(file) });
    while (this.#seen.size > mostSeen) this.#letGo();
  }

  /** Those that the listing did not show. */
  missing(listed: ReadonlySet<string>): readonly string[] {
    return [...this.#seen.keys()].filter((key) => !listed.has(key));
  }

  /** Whether it tells all files one by one that were ever delivered. */
  get isWhole(): boolean {
    return this.#horizon === null;
  }

  forget(keys: Iterable<string>): void {
    for (const key of keys) this.#seen.delete(key);
  }

  fail(name: string): void {
    // Beyond that they count as delivered until they change.
    if (this.#failed.size >= mostFailed) return;
    const key = hashOfName(name);
    this.#seen.delete(key);
    this.#failed.add(key);
  }

  checkpoint({
    until,
    isFirst,
  }: Pick<RemoteFilesCheckpoint, 'until' | 'isFirst'>): RemoteFilesCheckpoint {
    return {
      v: 1,
      seen: [...this.#seen].map(([key, version]) => key + version).join(''),
      horizon: this.#horizon,
      failed: [...this.#failed].join(''),
      until,
      isFirst,
    };
  }

  /** The earliest file goes: files are delivered in this order, so that none that still waits lies below it. */
  #letGo(): void {
    // Files that are gone from the source first; they may come back, so that what is new is not sure any more.
    this.#queue ??= [...this.#seen.keys()]
      .map((key) => ({ key, place: this.#places.get(key) ?? { at: 0, name: '' } }))
      .sort((one, other) => (isAfter(one.place, other.place) ? 1 : -1));
    const first = this.#queue.shift();
    if (first === undefined) return;
    this.#seen.delete(first.key);
    const { at, name } = first.place;
    const passed = { at, name: name.slice(0, longestName) };
    if (this.#horizon === null || isAfter(passed, this.#horizon)) this.#horizon = passed;
  }
}

const split = (text: string, length: number): readonly string[] =>
  Array.from({ length: Math.floor(text.length / length) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  );
