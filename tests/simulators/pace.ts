import type { Clock } from './clock.ts';

/**
 * How a refusal says when to come again: Retry-After in either of its forms, milliseconds in a header of the vendor's own,
 * or not at all.
 */
export type SaysWhen = 'seconds' | 'date' | 'nothing' | `x-${string}`;

/** So many requests in so many seconds. */
export interface Throttle {
  readonly requests: number;
  readonly perSeconds: number;
  /** Default: as the vendor does it. */
  readonly says?: SaysWhen;
}

/** A request came too soon. */
export interface TooSoon {
  /** Whole ones, at least one. */
  readonly seconds: number;
  /** Laid over those of the vendor's answer; one without text is left out of it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a source lets pass in which time, and how often it was not listened to. */
export interface Pace {
  /** From now on; what was counted is forgotten. */
  throttle(limit: Throttle | null): void;
  /** Requests that came although the source had asked to wait. */
  readonly violations: () => number;
  /** Asked for each request; null: it may pass. */
  ask(): TooSoon | null;
}

export function createPace({ now }: Pick<Clock, 'now'>): Pace {
  let limit: Throttle | null = null;
  let taken: number[] = [];
  let closedUntil = 0;
  let violations = 0;

  const tooSoon = (time: number, says: SaysWhen | undefined): TooSoon => ({
    seconds: Math.max(1, Math.ceil((closedUntil - time) / 1000)),
    headers: says === undefined ? {} : headersOf(says, time, closedUntil),
  });

  return {
    throttle: (next) => {
      limit = next;
      taken = [];
      closedUntil = 0;
      violations = 0;
    },
    violations: () => violations,
    ask: () => {
      if (limit === null) return null;
      const time = now().getTime();
      const { requests, perSeconds, says } = limit;
      if (time < closedUntil) {
        violations += 1;
        return tooSoon(time, says);
      }
      const period = perSeconds * 1000;
      taken = taken.filter((at) => at > time - period);
      if (taken.length < requests) {
        taken.push(time);
        return null;
      }
      const opens = (taken[0] ?? time) + period;
      // Neither form of Retry-After tells of parts of a second.
      closedUntil = says === 'nothing' ? opens : Math.ceil(opens / 1000) * 1000;
      return tooSoon(time, says);
    },
  };
}

function headersOf(says: SaysWhen, time: number, opens: number): Record<string, string> {
  switch (says) {
    case 'seconds':
      return { 'retry-after': String(Math.max(1, Math.ceil((opens - time) / 1000))) };
    case 'date':
      return { 'retry-after': new Date(opens).toUTCString() };
    case 'nothing':
      return { 'retry-after': '' };
    default:
      return { 'retry-after': '', [says]: String(opens - time) };
  }
}
