/** A data file that loses rows. */
export interface LosingFile {
  readonly bytes: number;
  readonly rows: number;
  /** Rows dead after this commit, those deleted earlier among them; fewer than `rows`. */
  readonly dead: number;
}

/**
 * Chooses the data files that are better written again without their dead rows than given a file of position deletes.
 * Called several times for one commit.
 */
export type CopyOnWrite = <File extends LosingFile>(files: readonly File[]) => ReadonlySet<File>;

/** From this share of dead rows on, writing a file again costs less than its deletes cost ten readers. */
const deadShare = 0.3;
/** For smaller files the requests for a file of deletes cost ten readers more, however few rows are dead. */
const smallBytes = 4 * 2 ** 20;
/** Bytes that one commit may read and write again; about two seconds of one processor. */
const bytesPerCommit = 64 * 2 ** 20;

/** The rule for the files of one commit (docs/decisions/merge.md has the figures). The deadest files come first. */
export function measuredCopyOnWrite(): CopyOnWrite {
  let bytesLeft = bytesPerCommit;
  return (files) => {
    const shareOf = ({ dead, rows }: LosingFile): number => dead / rows;
    const worthIt = files.filter((file) => file.bytes <= smallBytes || shareOf(file) >= deadShare);
    const chosen = new Set<(typeof files)[number]>();
    for (const file of worthIt.toSorted((left, right) => shareOf(right) - shareOf(left))) {
      if (file.bytes > bytesLeft) continue;
      bytesLeft -= file.bytes;
      chosen.add(file);
    }
    return chosen;
  };
}
