import { formatSeconds, localSecondsOf } from './cursorValue.ts';

/** Longer than any zone is from UTC, and than any two changes of a zone's offset lie apart. */
const spanSeconds = 30 * 3_600;

/**
 * The upper end of a read by local time: the given one, or where the clocks are being put back the beginning of the
 * hour that comes twice, as long as it is passing for the first or the second time. Rows of that hour are read once it
 * is over for good: until then a row that is still to come may have a smaller time than one that is there.
 *
 * `local` is a time without a zone, `timeZone` an IANA name.
 */
export function beforeFold(local: string, timeZone: string): string {
  const seconds = localSecondsOf(local);
  if (seconds === null) return local;
  const offsetAt = offsets(timeZone);
  const before = offsetAt(seconds - spanSeconds);
  const after = offsetAt(seconds + spanSeconds);
  if (before <= after) return local;
  // The last second before the clocks are put back, and the first after it.
  let [early, late] = [seconds - spanSeconds, seconds + spanSeconds];
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (offsetAt(middle) === before) early = middle;
    else late = middle;
  }
  const [start, end] = [late + offsetAt(late), late + before];
  if (seconds < start || seconds >= end) return local;
  return formatSeconds(BigInt(start), true) ?? local;
}

/** Seconds a zone is ahead of UTC at a second since 1970. */
function offsets(timeZone: string): (seconds: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (seconds) => {
    const parts = new Map(
      format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]),
    );
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (
      ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
    ).map((type) => parts.get(type));
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
  };
}
