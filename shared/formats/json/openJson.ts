import { canonicalDialect, canonicalNull, csvCell } from '../canonicalCsv.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import { longestRejectText, type Reject } from '../reject.ts';
import type { RowAdmission } from '../rowAdmission.ts';
import type { TabularFile, TabularPass } from '../tabularFile.ts';
import { takeBytes } from '../takeBytes.ts';
import { TextSource } from '../textSource.ts';
import { JsonColumns } from './jsonColumns.ts';
import { type JsonText, jsonShapeOf, jsonTexts } from './jsonTexts.ts';
import { JsonError, type JsonMember, parseRecord } from './parseRecord.ts';

const sampleBytes = 4 * 2 ** 20;
const blockCharacters = 1 << 18;

/** Turns the members of a record into those that become columns. */
export type ShapeMembers = (members: readonly JsonMember[]) => readonly JsonMember[];

/**
 * A JSON file whose compression is gone: an array of objects, or objects one after the other, usually one a line.
 * Keys are columns; nested values are JSON text, or what `reshape` makes of them; numbers keep every digit. `open`
 * gives its bytes from the start.
 */
export async function openJson(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
  reshape: ShapeMembers | null = null,
): Promise<TabularFile> {
  const source = await TextSource.open(open, options.encoding);
  const { bytes, isWhole } = await takeBytes(source.chunks(), sampleBytes);
  const sample = bytes.toString('utf8');
  if (sample.trim() === '') throw fileUnreadable('The file has no records.');
  const shape = jsonShapeOf(sample);

  const surveyed = new JsonColumns();
  for await (const text of sampleTexts(bytes, isWhole, shape)) {
    const members = membersOf(text, () => undefined);
    if (members !== null) surveyed.add(reshape === null ? members : reshape(members));
  }
  return {
    survey: surveyed.survey(),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    rowFormat: 'json',
    isSparse: true,
    get detected() {
      const layout = shape === 'lines' ? 'one record a line' : 'an array or single values';
      return `${options.format === 'jsonl' ? 'jsonl' : 'json'}, ${source.encoding}, ${layout}`;
    },
    pass(layout, reject, admission?: RowAdmission): TabularPass {
      const columns = new JsonColumns();
      const counts = { rows: 0, rejected: 0, longestRow: 0 };
      async function* blocks(): AsyncGenerator<Uint8Array> {
        let rows = '';
        for await (const text of jsonTexts(source.chunks(), shape)) {
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
    },
  };
}

/** The records of a sample; the one it cuts off, and anything wrong, is left to the reading of the whole file. */
async function* sampleTexts(
  bytes: Uint8Array,
  isWhole: boolean,
  shape: Parameters<typeof jsonTexts>[1],
): AsyncGenerator<JsonText> {
  async function* once(): AsyncGenerator<Uint8Array> {
    yield isWhole ? bytes : bytes.subarray(0, Math.max(0, bytes.lastIndexOf(10)));
  }
  try {
    yield* jsonTexts(once(), shape);
  } catch (error) {
    if (isWhole) throw error;
  }
}

function membersOf(
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
