import type { SourceRecord } from '../connectors/connector.ts';
import { longestRejectText } from '../formats/reject.ts';
import type { RowFault } from '../formats/rowAdmission.ts';
import { contextOf, type KeptReject } from './keptReject.ts';
import type { LoaderState } from './loaderState.ts';
import { textOf } from './recordCell.ts';

/** Keeps a record that a contract refuses: as JSON, without what is left out, and masked where it is masked. */
export function keptRecord(
  { book, mask }: Pick<LoaderState, 'book' | 'mask'>,
  record: SourceRecord,
  { column, reason }: RowFault,
): KeptReject {
  const kept = Object.entries(record).flatMap(([name, value]) => {
    const rule = book.of(name);
    if (!rule.isTaken) return [];
    if (rule.mask === null || value === null) return [[name, value] as const];
    return [[name, mask.text(rule.mask, textOf(value))] as const];
  });
  const text = JSON.stringify(Object.fromEntries(kept));
  const isWhole = text.length < longestRejectText;
  return {
    text: text.slice(0, longestRejectText),
    line: null,
    column,
    reason,
    format: isWhole ? 'json' : null,
    context: isWhole ? contextOf(book) : null,
  };
}
