/** A data file that loses rows. */
export interface LosingFile {
  readonly bytes: number;
  readonly rows: number;
  /** Rows dead after this commit, those deleted earlier among them; fewer than `rows`. */
  readonly dead: number;
}

/** Whether a data file is better written again without its dead rows than given a file of position deletes. */
export type CopyOnWrite = (file: LosingFile) => boolean;

/** From this share of dead rows on a file is written again. */
const deadShare = 0.5;
/** Files this small cost no more to write again than the file of their deletes does. */
const smallBytes = 256 * 1024;
/** Bytes that one commit may read and write again to spare its readers position deletes. */
const bytesPerCommit = 64 * 2 ** 20;

/** The rule for the files of one commit. */
export function measuredCopyOnWrite(): CopyOnWrite {
  let bytesLeft = bytesPerCommit;
  return ({ bytes, rows, dead }) => {
    const isWorthIt = bytes <= smallBytes || dead >= rows * deadShare;
    if (!isWorthIt || bytes > bytesLeft) return false;
    bytesLeft -= bytes;
    return true;
  };
}
