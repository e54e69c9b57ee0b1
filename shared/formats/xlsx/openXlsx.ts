import { join } from 'node:path';
import { canonicalDialect, canonicalNull, csvCell } from '../canonicalCsv.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import { JsonColumns } from '../json/jsonColumns.ts';
import type { JsonMember } from '../json/parseRecord.ts';
import { longestRejectText } from '../reject.ts';
import type { TabularFile, TabularPass } from '../tabularFile.ts';
import { cellReader, type ReadCell } from './cellReader.ts';
import { SharedStrings } from './sharedStrings.ts';
import { type SheetLayout, sheetLayout } from './sheetLayout.ts';
import { type SheetRow, sheetRows } from './sheetRows.ts';
import { readWorkbook } from './workbook.ts';
import { openZip } from './zipFile.ts';

const surveyedRows = 5_000;
const blockCharacters = 1 << 18;

/**
 * One sheet of a workbook on disk: the one the options name, else the first. Numbers are dates where their format
 * says so; a formula counts with the result it was saved with; an error, or a formula without a result, is NULL and
 * kept in `_unfit`, unless its column is one that is hidden; merged cells have their value in the first cell only; rows without a value are no rows.
 */
export async function openXlsx(
  path: string,
  workFolder: string,
  options: FileFormatOptions,
  hides: (column: string) => boolean = () => false,
): Promise<TabularFile & Disposable> {
  using resources = new DisposableStack();
  const zip = resources.use(await openZip(path));
  const workbook = await readWorkbook(zip);
  const sheet =
    options.sheet === undefined
      ? workbook.sheets[0]
      : workbook.sheets.find(({ name }) => name === options.sheet);
  if (sheet === undefined)
    throw fileUnreadable(
      `The workbook has no sheet "${options.sheet}". It has: ${workbook.sheets.map(({ name }) => name).join(', ')}.`,
      { sheet: options.sheet },
    );
  const { sharedStrings } = workbook;
  const strings =
    sharedStrings === null || !zip.has(sharedStrings)
      ? null
      : resources.use(await SharedStrings.read(zip.read(sharedStrings), join(workFolder, 'texts')));
  const readCell = cellReader(workbook, strings);
  const rows = (): AsyncIterable<SheetRow> => sheetRows(zip.read(sheet.part));

  const found = await sheetLayout(rows(), readCell, options.header);
  if (found === null) throw fileUnreadable(`The sheet "${sheet.name}" has no rows.`);
  const layout: SheetLayout = found;
  const surveyed = new JsonColumns(layout.headed);
  for await (const { members } of dataRows(rows(), layout, readCell, hides)) {
    surveyed.add(members);
    if (surveyed.records === surveyedRows) break;
  }
  const owned = resources.move();
  return {
    survey: surveyed.survey(),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    hasUnfit: true,
    rowFormat: 'json',
    detected: [
      `xlsx, sheet "${sheet.name}"`,
      ...(workbook.is1904 ? ['dates from 1904'] : []),
      ...(layout.hasHeader ? [] : ['no header']),
    ].join(', '),
    pass(order, reject, admission): TabularPass {
      for (const row of layout.preamble) reject(row);
      const columns = new JsonColumns(layout.headed);
      let longestRow = 0;
      let rejected = layout.preamble.length;
      async function* blocks(): AsyncGenerator<Uint8Array> {
        let text = '';
        for await (const row of dataRows(rows(), layout, readCell, hides)) {
          const fault = admission?.members(row.members) ?? null;
          if (fault !== null) {
            rejected++;
            reject({ text: jsonText(row.members), line: row.line, isRow: true, ...fault });
            continue;
          }
          columns.add(row.members);
          const line = lineOf(row, order);
          // UTF-8 has at most three bytes per UTF-16 unit.
          longestRow = Math.max(longestRow, line.length * 3);
          text += line;
          if (text.length < blockCharacters) continue;
          yield Buffer.from(text);
          text = '';
        }
        if (text !== '') yield Buffer.from(text);
      }
      return {
        blocks: blocks(),
        columns: () => columns.survey(),
        get rows() {
          return columns.records;
        },
        get rejected() {
          return rejected;
        },
        get longestRow() {
          return longestRow;
        },
      };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

interface DataRow {
  readonly line: number;
  readonly members: readonly JsonMember[];
  readonly unfit: Readonly<Record<string, string>> | null;
}

async function* dataRows(
  rows: AsyncIterable<SheetRow>,
  { firstRow, nameOf }: SheetLayout,
  readCell: ReadCell,
  hides: (column: string) => boolean,
): AsyncGenerator<DataRow> {
  for await (const { number, cells } of rows) {
    if (number < firstRow) continue;
    const members: JsonMember[] = [];
    const unfits: [string, string][] = [];
    for (const cell of cells) {
      const { kind, text, unfit } = readCell(cell);
      if (kind === 'null' && unfit === null) continue;
      const key = nameOf(cell.column);
      members.push({ key, kind, text });
      if (unfit !== null && !hides(key)) unfits.push([key, unfit]);
    }
    if (members.length > 0)
      yield {
        line: number,
        members,
        unfit: unfits.length > 0 ? Object.fromEntries(unfits) : null,
      };
  }
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** The row as a record, for a reject. */
function jsonText(members: readonly JsonMember[]): string {
  const texts = members.map(({ key, kind, text }) => {
    const isPlain = kind === 'boolean' || jsonNumber.test(text);
    const value =
      kind === 'null' ? 'null' : kind !== 'string' && isPlain ? text : JSON.stringify(text);
    return `${JSON.stringify(key)}:${value}`;
  });
  return `{${texts.join(',')}}`.slice(0, longestRejectText);
}

function lineOf({ members, unfit }: DataRow, order: readonly string[]): string {
  const byKey = new Map(members.map((member) => [member.key, member]));
  let line = '';
  for (const name of order) {
    const member = byKey.get(name);
    line += member === undefined || member.kind === 'null' ? canonicalNull : csvCell(member.text);
    line += ',';
  }
  return `${line}${unfit === null ? canonicalNull : csvCell(JSON.stringify(unfit))}\n`;
}
