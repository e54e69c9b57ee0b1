import { canonicalNull, csvCell } from '../canonicalCsv.ts';
import { longestRejectText, type Reject } from '../reject.ts';
import type { RowAdmission } from '../rowAdmission.ts';
import type { TabularPass } from '../tabularFile.ts';
import { JsonColumns } from './jsonColumns.ts';
import type { JsonText } from './jsonTexts.ts';
import { JsonError, type JsonMember, parseRecord } from './parseRecord.ts';

const blockCharacters = 1 << 18;

/** Turns the members of a record into those that become columns. */
export type ShapeMembers = (members: readonly JsonMember[]) => readonly JsonMember[];

export interface JsonPassOptions {
  readonly texts: AsyncIterable<JsonText>;
  /** Columns of the rows, in order. */
  readonly layout: readonly string[];
  readonly reshape: ShapeMembers | null;
  readonly reject: (reject: Reject) => void;
  readonly admission: RowAdmission | undefined;
}

/** One reading of JSON records, as rows of canonical CSV. */
export function jsonPass({
  texts,
  layout,
  reshape,
  reject,
  admission,
}: JsonPassOptions): TabularPass {
  const columns = new JsonColumns();
  const counts = { rows: 0, rejected: 0, longestRow: 0 };
  async function* blocks(): AsyncGenerator<Uint8Array> {
    let rows = '';
    for await (const text of texts) {
      const rejectRow = (row: Reject): void => {
        counts.rejected++;
        reject(row);
      };
      const parsed = membersOf(text, rejectRow);
      if (parsed === null) continue;
      const members = reshape === null ? parsed : reshape(parsed);
      const fault = admission?.members(members) ?? null;
      if (fault !== null) {
        const row = text.text.slice(0, longestRejectText);
        rejectRow({ text: row, line: text.line, isRow: true, ...fault });
        continue;
      }
      columns.add(members);
      counts.rows++;
      const row = rowOf(members, layout);
      rows += row;
      // UTF-8 has at most three bytes per UTF-16 unit.
      counts.longestRow = Math.max(counts.longestRow, row.length * 3);
      if (rows.length < blockCharacters) continue;
      yield Buffer.from(rows);
      rows = '';
    }
    if (rows !== '') yield Buffer.from(rows);
  }
  return {
    blocks: blocks(),
    columns: () => columns.survey(),
    get rows() {
      return counts.rows;
    },
    get rejected() {
      return counts.rejected;
    },
    get longestRow() {
      return counts.longestRow;
    },
  };
}

/** The members of a record; null for a text that is none, which is rejected. */
export function membersOf(
  { text, line, isCut }: JsonText,
  reject: (reject: Reject) => void,
): readonly JsonMember[] | null {
  try {
    if (isCut) throw new JsonError('longer than a record may be', 0);
    return parseRecord(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    reject({
      text: text.slice(0, longestRejectText),
      line,
      column: null,
      reason: `${error.message} (character ${error.position + 1})`,
    });
    return null;
  }
}

function rowOf(members: readonly JsonMember[], layout: readonly string[]): string {
  const byKey = new Map(members.map((member) => [member.key, member]));
  let row = '';
  for (let index = 0; index < layout.length; index++) {
    if (index > 0) row += ',';
    const member = byKey.get(layout[index] as string);
    if (member === undefined || member.kind === 'null') row += canonicalNull;
    else row += csvCell(member.text);
  }
  return `${row}\n`;
}
