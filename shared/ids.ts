import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A ULID in lower case: 26 characters, sorts by time (milliseconds), 80 random bits. */
export function ulid(now: Date, random: (size: number) => Uint8Array = randomBytes): string {
  let time = '';
  for (let rest = now.getTime(), index = 0; index < 10; index++, rest = Math.floor(rest / 32))
    time = alphabet[rest % 32] + time;
  return time + Array.from(random(16), (byte) => alphabet[byte % 32]).join('');
}

/** When a ULID was made; NaN milliseconds for a text that is none. */
export function timeOfUlid(id: string): Date {
  let time = 0;
  for (const digit of id.slice(0, 10)) {
    const value = alphabet.indexOf(digit);
    time = value < 0 ? Number.NaN : time * 32 + value;
  }
  return new Date(id.length === 26 ? time : Number.NaN);
}

export const newSourceId = (now: Date): string => ulid(now);

/**
 * A run's id names its source, so that one key finds the run and the execution's name (≤ 80 characters)
 * needs no lookup: `<sourceId>-<ulid>`, 53 characters.
 */
export const newRunId = (sourceId: string, now: Date): string => `${sourceId}-${ulid(now)}`;

const runIdPattern = /^([0-9a-z]{26})-[0-9a-z]{26}$/;

/** The source a run id belongs to, or null when it is not a run id. */
export const sourceIdOfRun = (runId: string): string | null =>
  runIdPattern.exec(runId)?.[1] ?? null;
