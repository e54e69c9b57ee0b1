/** So many requests in so many seconds; each name is counted apart. */
export interface RequestLimit {
  readonly name: string;
  readonly requests: number;
  readonly perSeconds: number;
}

/** Paces requests over all runs that use the same credentials. */
export interface RateLimit {
  /** Resolves when `cost` more requests may be sent. Throws ParkUntil when that is too long to wait for. */
  take(limit: RequestLimit, cost?: number): Promise<void>;
  /** The source said so: nobody sends any for this long. */
  pause(milliseconds: number): Promise<void>;
}
