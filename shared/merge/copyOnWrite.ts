/** Bytes that one commit may still read and write again to spare readers position deletes. */
export interface RewriteBudget {
  bytes: number;
}

export const newRewriteBudget = (): RewriteBudget => ({ bytes: 64 * 2 ** 20 });

/** From this share of dead rows on a file is written again. */
const deadShare = 0.5;
/** Files this small cost no more to write again than the file of their deletes does. */
const smallBytes = 256 * 1024;

/**
 * Whether a data file is better written again without its dead rows than given a file of position deletes; takes
 * the file's bytes from the budget where it is.
 */
export function isCheaperToRewrite(
  file: { readonly bytes: number; readonly rows: number; readonly dead: number },
  budget: RewriteBudget,
): boolean {
  const isWorthIt = file.bytes <= smallBytes || file.dead >= file.rows * deadShare;
  if (!isWorthIt || file.bytes > budget.bytes) return false;
  budget.bytes -= file.bytes;
  return true;
}
