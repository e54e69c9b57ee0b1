import { dateTimeText, relativeText } from '../text/format.ts';
import { useNow } from './useNow.ts';

interface TimeProps {
  readonly at: string | null;
  /** What is shown for null. */
  readonly never?: string;
}

/** How long ago, with the exact time as tooltip. */
export function Ago({ at, never = 'Never' }: TimeProps) {
  const now = useNow();
  if (at === null) return <span className="faint">{never}</span>;
  return (
    <time dateTime={at} title={dateTimeText(at)}>
      {relativeText(at, now)}
    </time>
  );
}

/** The exact time. */
export const At = ({ at, never = '–' }: TimeProps) =>
  at === null ? (
    <span className="faint">{never}</span>
  ) : (
    <time dateTime={at} title={at}>
      {dateTimeText(at)}
    </time>
  );
