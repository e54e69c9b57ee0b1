/** Ways to break Headgate on purpose, each of which the comparison has to notice. */
export const sabotages = [
  /** Incremental reads begin strictly after their lower bound. */
  'exclusive lower bound',
  /** Commits no longer check that their run holds the lock, and is not over. */
  'no fence check',
  /** The cursor is stored before the rows it covers. */
  'cursor before data',
  'null cursors skipped',
  /** One column's values land in the row after theirs. */
  'column shifted by a row',
  'overlap not deduplicated',
] as const;
export type Sabotage = (typeof sabotages)[number];
