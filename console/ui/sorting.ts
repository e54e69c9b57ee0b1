/** By which column rows are sorted, and which way. */
export interface Sorting {
  readonly by: string;
  readonly descending: boolean;
}
