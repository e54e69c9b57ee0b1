import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SourceRecord } from '../connectors/connector.ts';
import { canonicalDialect, canonicalNull, csvCell } from '../formats/canonicalCsv.ts';
import { JsonColumns } from '../formats/json/jsonColumns.ts';
import type { JsonMember } from '../formats/json/parseRecord.ts';
import type { TabularFile, TabularPass } from '../formats/tabularFile.ts';
import type { Json } from '../json.ts';
import type { DataFile } from '../lake/dataFile.ts';
import type { Column, ColumnType } from '../lake/schema.ts';
import { jsonOf } from '../schema/jsonTextMask.ts';
import { RuleBook } from '../schema/ruleBook.ts';
import type { LoaderState } from './loaderState.ts';
import { loadTabular } from './loadTabular.ts';
import { RecordWriter } from './recordWriter.ts';
import { RejectedRowReader } from './rejectedRowReader.ts';
import { contextIn, type RejectedRow, RejectedRows } from './rejectedRows.ts';
import { RejectLog } from './rejectLog.ts';
import type { Counts } from './streamLoader.ts';
import { UndeclaredColumns } from './undeclaredColumns.ts';
import { writeRejects } from './writeRejects.ts';

const surveyedRows = 5000;
const blockCharacters = 1 << 18;
const recordsAtOnce = 500;

/**
 * Loads the rows of one file of the reject table again, by today's rules. Rows that fail again are rejected again,
 * with their lines and the new reason; those whose text was not kept stay as they are. `declared`: columns that the
 * source declared, for rows that came as records or copied.
 */
export async function loadRejects(
  state: LoaderState,
  file: DataFile,
  declared: readonly Column[] | null,
): Promise<Counts> {
  const { options, book, mask } = state;
  const input = join(options.workFolder, `${state.scratchName('rejects')}.parquet`);
  try {
    await pipeline(options.download(file.path), createWriteStream(input));
    await using rows = await RejectedRows.open(state, input);
    const again: LoaderState = {
      ...state,
      book: new RuleBook(book.rules, book.include, { isMaskedAlready: true }),
    };
    const reader = new RejectedRowReader(book, mask);
    const counts =
      declared === null
        ? await loadAsFile(again, rows, reader)
        : await loadAsRecords(again, rows, reader, declared);
    return { ...counts, deduplicated: 0, bytes: file.bytes };
  } finally {
    await rm(input, { force: true });
  }
}

type Loaded = Pick<Counts, 'read' | 'written' | 'rejected'>;

/** Rows of files, with the types of all of them together. */
async function loadAsFile(
  state: LoaderState,
  rows: RejectedRows,
  reader: RejectedRowReader,
): Promise<Loaded> {
  const surveyed = new JsonColumns();
  const types: Record<string, ColumnType> = {};
  let sourceFile: string | null = null;
  for await (const row of rows.read()) {
    sourceFile ??= row.sourceFile;
    Object.assign(types, contextIn(row.context).types);
    const read = reader.read(row);
    if (read.kind === 'row') surveyed.add(read.members);
    if (surveyed.records === surveyedRows) break;
  }
  let current: RejectedRow | null = null;
  const file: TabularFile = {
    survey: surveyed.survey(),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    rowFormat: 'json',
    isSparse: true,
    detected: 'rejected rows',
    pass(layout, reject, admission): TabularPass {
      const columns = new JsonColumns();
      const counts = { rows: 0, rejected: 0, longestRow: 0 };
      async function* blocks(): AsyncGenerator<Uint8Array> {
        let text = '';
        for await (const row of rows.read()) {
          const read = reader.read(row);
          current = row;
          const fault =
            read.kind === 'unreadable'
              ? {
                  column: read.reason === '' ? row.column : null,
                  reason: read.reason || row.reason,
                }
              : (admission?.members(read.members) ?? null);
          if (fault !== null) {
            counts.rejected++;
            reject({ text: '', line: row.line ?? 0, isRow: read.kind === 'row', ...fault });
            continue;
          }
          if (read.kind === 'unreadable') continue;
          columns.add(read.members);
          counts.rows++;
          const line = lineOf(read.members, layout);
          // UTF-8 has at most three bytes per UTF-16 unit.
          counts.longestRow = Math.max(counts.longestRow, line.length * 3);
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
  return loadTabular(state, {
    file,
    types,
    name: sourceFile ?? state.options.stream.name,
    sourceFile: state.options.systemColumns.includes('_source_file') ? sourceFile : null,
    keep: ({ column, reason }) => reader.keep(current as RejectedRow, column, reason),
  });
}

function lineOf(members: readonly JsonMember[], layout: readonly string[]): string {
  const byKey = new Map(members.map((member) => [member.key, member]));
  const cells = layout.map((name) => {
    const member = byKey.get(name);
    return member === undefined || member.kind === 'null' ? canonicalNull : csvCell(member.text);
  });
  return `${cells.join(',')}\n`;
}

/** Rows of a source that declares its columns. */
async function loadAsRecords(
  state: LoaderState,
  rows: RejectedRows,
  reader: RejectedRowReader,
  declared: readonly Column[],
): Promise<Loaded> {
  const undeclared = new UndeclaredColumns(state);
  const name = state.scratchName('rejects');
  await using unreadable = new RejectLog(join(state.options.workFolder, `${name}.csv`));
  let writer: RecordWriter | null = null;
  let read = 0;
  let rejected = 0;
  const write = async (records: readonly SourceRecord[]): Promise<void> => {
    if (records.length === 0) return;
    const { columns } = undeclared.with(declared, records);
    if (writer?.takes(columns) !== true) {
      await writer?.end();
      await writer?.[Symbol.asyncDispose]();
      writer = await RecordWriter.open(state, columns);
    }
    ({ rejected } = { rejected: rejected + (await writer.write(records)).rejected });
  };
  try {
    let waiting: SourceRecord[] = [];
    for await (const row of rows.read()) {
      read++;
      const found = reader.read(row);
      if (found.kind === 'row') waiting.push(recordOf(found.members));
      else {
        unreadable.add(
          reader.keep(row, found.reason === '' ? row.column : null, found.reason || row.reason),
        );
        await unreadable.drain();
      }
      if (waiting.length < recordsAtOnce) continue;
      await write(waiting);
      waiting = [];
    }
    await write(waiting);
    await (writer as RecordWriter | null)?.end();
  } finally {
    await (writer as RecordWriter | null)?.[Symbol.asyncDispose]();
  }
  state.rejectFiles.push(
    ...(await writeRejects(state, unreadable, state.options.stream.name, null)),
  );
  rejected += unreadable.count;
  return { read, written: read - rejected, rejected };
}

const recordOf = (members: readonly JsonMember[]): SourceRecord =>
  Object.fromEntries(members.map((member) => [member.key, JSON.parse(jsonOf(member)) as Json]));
