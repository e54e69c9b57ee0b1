import type { ColumnType } from '../lake/schema.ts';
import { type CellKind, cellKind } from './cellKind.ts';
import { addEvidence, holdsColumn, noEvidence } from './columnEvidence.ts';
import { weigh } from './json/jsonColumns.ts';
import type { JsonMember } from './json/parseRecord.ts';

/** Why a row that can be read is refused. */
export interface RowFault {
  readonly column: string;
  /** Quotes no value. */
  readonly reason: string;
}

/** What a column takes: values of one type, no value at all, or anything. */
export type Admitted = ColumnType | 'nothing' | 'anything';

/** A cell as a scanner knows it; see `CsvScanner`. */
export interface ScannedCell {
  readonly kind: CellKind;
  readonly integerDigits: number;
  readonly scale: number;
  readonly padded: boolean;
  readonly survivesDouble: boolean;
}

/**
 * Refuses rows that have a value in a column that takes none, or one that is none of its column's type; says yes to
 * exactly those rows whose every value its column holds, as `holdsColumn` says of all values of a column.
 */
export class RowAdmission {
  readonly #admits: (column: string) => Admitted;
  readonly #known = new Map<string, Admitted>();

  constructor(admits: (column: string) => Admitted) {
    this.#admits = admits;
  }

  /** A check of the cells of CSV rows, in the columns' order; `cells` are the scanner's words. */
  forCells(
    columns: readonly string[],
    cellOf: (word: number) => ScannedCell,
  ): (words: Int32Array) => RowFault | null {
    // Few words are different, however many rows there are.
    const checks = columns.map((name) => ({
      name,
      admitted: this.#of(name),
      known: new Map<number, boolean>(),
    }));
    return (words) => {
      for (let index = 0; index < checks.length; index++) {
        const { name, admitted, known } = checks[index] as (typeof checks)[0];
        if (admitted === 'anything' || admitted === 'string') continue;
        const word = words[index] as number;
        let isFine = known.get(word);
        if (isFine === undefined) {
          isFine = holdsCell(admitted, cellOf(word));
          known.set(word, isFine);
        }
        if (!isFine) return faultOf(name, admitted);
      }
      return null;
    };
  }

  /** Of the members of a record. */
  members(members: readonly JsonMember[]): RowFault | null {
    for (const member of members) {
      const admitted = this.#of(member.key);
      if (admitted === 'anything' || admitted === 'string' || member.kind === 'null') continue;
      if (admitted === 'nothing') {
        if (member.text !== '') return faultOf(member.key, admitted);
        continue;
      }
      if (!holdsMember(admitted, member)) return faultOf(member.key, admitted);
    }
    return null;
  }

  #of(column: string): Admitted {
    let admitted = this.#known.get(column);
    if (admitted === undefined) {
      admitted = this.#admits(column);
      this.#known.set(column, admitted);
    }
    return admitted;
  }
}

/** A text counts as what it says: a column of numbers takes `"2"`, as it does in a CSV. */
function holdsMember(admitted: ColumnType, { kind, text }: JsonMember): boolean {
  const evidence = noEvidence();
  weigh(evidence, { kind: kind === 'string' ? 'cell' : kind, text });
  return holdsColumn(admitted, evidence);
}

function holdsCell(admitted: ColumnType | 'nothing', cell: ScannedCell): boolean {
  if (cell.kind <= cellKind.blank) return true;
  if (admitted === 'nothing') return false;
  const evidence = noEvidence();
  const { kind, integerDigits, scale, padded, survivesDouble } = cell;
  addEvidence(evidence, kind, integerDigits, scale, padded, survivesDouble);
  return holdsColumn(admitted, evidence);
}

/** The fault of a value, in words. */
export const faultOf = (column: string, admitted: ColumnType | 'nothing'): RowFault => ({
  column,
  reason: admitted === 'nothing' ? 'a value in a column the table does not have' : `no ${admitted}`,
});
