import { cellKind } from '../cellKind.ts';
import { classifyText, isPlainNumber, survivesDouble } from '../classifyText.ts';
import { addEvidence, type ColumnEvidence, noEvidence } from '../columnEvidence.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import { mostColumns } from '../mostColumns.ts';
import type { SurveyedColumn } from '../tabularFile.ts';
import type { JsonMember } from './parseRecord.ts';

interface Column {
  readonly name: string;
  readonly evidence: ColumnEvidence;
  values: number;
}

/**
 * The columns of JSON records, in the order in which their keys first appear, and what is known of their types.
 * Strings are text, dates or timestamps, never numbers: the file itself says which is which.
 */
export class JsonColumns {
  readonly #columns = new Map<string, Column>();
  records = 0;

  /** `names`: columns that are there whether or not a record has them. */
  constructor(names: readonly string[] = []) {
    for (const name of names) this.#columnOf(name);
  }

  add(members: readonly JsonMember[]): void {
    this.records++;
    for (const member of members) {
      const column = this.#columnOf(member.key);
      if (member.kind === 'null') continue;
      column.values++;
      weigh(column.evidence, member);
    }
  }

  #columnOf(name: string): Column {
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (this.#columns.size === mostColumns)
      throw fileUnreadable(
        `The records have more than ${mostColumns} different keys: some of them look like data.`,
      );
    const column = { name, evidence: noEvidence(), values: 0 };
    this.#columns.set(name, column);
    return column;
  }

  /** A record without a key counts as NULL there. */
  survey(): readonly SurveyedColumn[] {
    return [...this.#columns.values()].map(({ name, evidence, values }) => ({
      name,
      evidence: { ...evidence, empties: this.records - values },
    }));
  }
}

const textBit = 1 << cellKind.text;
const moments: ReadonlySet<number> = new Set([
  cellKind.date,
  cellKind.timestamp,
  cellKind.timestamptz,
  cellKind.shortTimestamptz,
]);

/** Adds one value to what is known of its column. */
export function weigh(evidence: ColumnEvidence, { kind, text }: Omit<JsonMember, 'key'>): void {
  switch (kind) {
    case 'boolean':
      addEvidence(evidence, cellKind.boolean, 0, 0, false, true);
      return;
    case 'double':
      // However many digits it is written with: no double has more.
      addEvidence(evidence, cellKind.exponent, 17, 0, false, true);
      return;
    case 'number': {
      const { kind: seen, integerDigits, scale } = classifyText(text);
      addEvidence(
        evidence,
        seen,
        integerDigits,
        scale,
        false,
        !isPlainNumber(seen) || survivesDouble(() => text, integerDigits, scale),
      );
      return;
    }
    case 'cell': {
      const { kind: seen, integerDigits, scale, padded } = classifyText(text);
      if (seen === cellKind.empty) evidence.emptyQuoted++;
      else if (seen === cellKind.blank) evidence.blanks++;
      else
        addEvidence(
          evidence,
          seen,
          integerDigits,
          scale,
          padded,
          !isPlainNumber(seen) || survivesDouble(() => text.trim(), integerDigits, scale),
        );
      return;
    }
    case 'string': {
      if (text === '') {
        evidence.emptyQuoted++;
        return;
      }
      if ((evidence.kinds & textBit) !== 0) return;
      const { kind: seen, padded } = classifyText(text);
      addEvidence(evidence, moments.has(seen) && !padded ? seen : cellKind.text, 0, 0, false, true);
      return;
    }
    default:
      addEvidence(evidence, cellKind.text, 0, 0, false, true);
  }
}
