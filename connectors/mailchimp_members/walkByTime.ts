import * as z from 'zod';
import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';

/**
 * Where a walk through members by the time of their last change stands. Mailchimp only skips so many records, and
 * members who change leave their places, so that skipping alone would leave others out. Changed members go to the end of
 * this order; a page is delivered up to its last second, and the next page begins with that second.
 */
const mark = z.strictObject({
  /** Epoch milliseconds of a whole second; members changed before are delivered. null: none is. */
  from: z.number().nullable(),
  /** How many records of the page's list are delivered, or come before `from`. */
  offset: z.int(),
  /** The list is that of one second which holds more members than a page, such as an import. */
  isSecond: z.boolean(),
  /** How many members that second had when it was last asked for. */
  total: z.int().nullable(),
});
type Mark = z.infer<typeof mark>;

const begun: Mark = { from: null, offset: 0, isSecond: false, total: null };
const markOf = (page: Json): Mark => (page === null ? begun : mark.parse(page));

const timed = z.array(z.looseObject({ last_changed: z.iso.datetime({ offset: true }) }));
const counted = z.object({ total_items: z.int() });

const second = (milliseconds: number): number => Math.floor(milliseconds / 1000) * 1000;
const text = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;

/**
 * The query of a page. "Since" and "before" may or may not take in their own second: one more is asked for at either
 * end. Bounds are ISO 8601; null: none.
 */
export function queryOfPage(
  page: Json,
  lower: string | null,
  upper: string | null,
): Readonly<Record<string, string>> {
  const { from, offset, isSecond } = markOf(page);
  const start = from ?? (lower === null ? null : second(Date.parse(lower)));
  const end = isSecond ? from : upper === null ? null : second(Date.parse(upper) + 999);
  return {
    offset: String(offset),
    ...(start === null ? {} : { since_last_changed: text(start - 1000) }),
    ...(end === null ? {} : { before_last_changed: text(end + 1000) }),
  };
}

/** Which records of a page are delivered, and the mark of the next. Throws `source_answer_invalid`. */
export function turnPage(
  page: Json,
  records: readonly Json[],
  body: Json,
): { readonly records: readonly Json[]; readonly next: Json } {
  const now = markOf(page);
  const [times, { total_items: total }] = read(records, body);
  const from = now.from ?? Number.NEGATIVE_INFINITY;
  const behind = now.offset + records.length;
  const isLast = records.length === 0 || behind >= total;
  const between = (start: number, end: number): readonly Json[] =>
    records.filter((_record, index) => {
      const time = times[index] ?? 0;
      return time >= start && time < end;
    });
  const rest = between(from, Number.POSITIVE_INFINITY);
  if (now.isSecond) {
    const left = now.total === null ? 0 : Math.max(0, now.total - total);
    // As many as left the second may have moved up into what was skipped.
    if (left > 0)
      return { records: rest, next: { ...now, offset: Math.max(0, now.offset - left), total } };
    if (isLast) return { records: rest, next: { ...begun, from: from + 1000 } };
    return { records: rest, next: { ...now, offset: behind, total } };
  }
  if (isLast) return { records: rest, next: null };
  const last = times.at(-1) ?? 0;
  if (last < from) return { records: [], next: { ...now, offset: behind } };
  const first = times.find((time) => time >= from) ?? last;
  return first < last
    ? { records: between(from, last), next: { ...begun, from: last } }
    : { records: [], next: { ...begun, from: last, isSecond: true } };
}

function read(
  records: readonly Json[],
  body: Json,
): readonly [readonly number[], z.infer<typeof counted>] {
  const [members, counts] = [timed.safeParse(records), counted.safeParse(body)];
  if (members.success && counts.success)
    return [members.data.map(({ last_changed }) => second(Date.parse(last_changed))), counts.data];
  throw new HeadgateError(
    'source_answer_invalid',
    'Mailchimp answered a page of members without the time of a last change, or without their number.',
  );
}
