/** A clock that only moves when it is told, and when somebody sleeps on it. */
export interface Clock {
  now(): Date;
  advance(milliseconds: number): void;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** The real time, moved by what it is told: for connectors that run in processes of their own. */
export function shiftedClock(): Clock & { shift(milliseconds: number): void } {
  let by = 0;
  return {
    now: () => new Date(Date.now() + by),
    advance: (milliseconds) => {
      by += milliseconds;
    },
    /** So far from now. */
    shift: (milliseconds) => {
      by = milliseconds;
    },
    sleep: async () => undefined,
  };
}

export function createClock(start = '2026-05-01T10:00:00.000Z'): Clock {
  let time = Date.parse(start);
  return {
    now: () => new Date(time),
    advance: (milliseconds) => {
      time += milliseconds;
    },
    sleep: async (milliseconds) => {
      time += Math.max(0, Math.ceil(milliseconds));
    },
  };
}
