import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Connection } from 'pg';
import { describe, expect, it } from 'vitest';
import type { TupleKind } from '../../connectors/postgres/decodedColumn.ts';
import { TuplesOut } from '../../connectors/postgres/tuplesOut.ts';
import type { ColumnSink } from '../../shared/connectors/columnSink.ts';
import type { ColumnType } from '../../shared/lake/schema.ts';
import { type ColumnBuffer, columnBuffer } from '../../shared/parquet/columnBuffers.ts';

const message = (type: string, body: Buffer): Buffer => {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 'latin1');
  bytes.writeUInt32BE(4 + body.length, 1);
  body.copy(bytes, 5);
  return bytes;
};

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const tuple = (...cells: readonly (Buffer | null)[]): Buffer =>
  Buffer.concat([
    int16(cells.length),
    ...cells.flatMap((cell) => (cell === null ? [int32(-1)] : [int32(cell.length), cell])),
  ]);

const header = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), int32(0), int32(0)]);
const trailer = int16(-1);
const end = [
  message('c', Buffer.alloc(0)),
  message('C', Buffer.from('COPY\0')),
  message('Z', Buffer.from('T')),
];

/** A COPY under way, whose server sends these messages in chunks of a size. */
function copyOf(kinds: readonly TupleKind[], messages: readonly Buffer[], chunkBytes: number) {
  const stream = new PassThrough();
  stream.on('data', () => {});
  const copy = new TuplesOut('copy …', kinds);
  copy.submit({ stream, query: () => {} } as unknown as Connection);
  const bytes = Buffer.concat(messages);
  const sent = (async () => {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      stream.write(bytes.subarray(at, at + chunkBytes));
      await turn();
    }
    await turn();
    copy.handleReadyForQuery();
  })();
  return { copy, sent };
}

class Kept implements ColumnSink {
  readonly columns: readonly ColumnBuffer[];
  readonly types: readonly ColumnType[];
  readonly misfits: [number, number, string][] = [];
  row = 0;
  constructor(types: readonly ColumnType[]) {
    this.types = types;
    this.columns = types.map((type) => columnBuffer(type));
  }
  unfit(column: number, text: string): void {
    this.misfits.push([this.row, column, text]);
  }
  /** Texts of a column. */
  texts(index: number): string[] {
    const buffer = this.columns[index]!;
    if (buffer.kind !== 'bytes') throw new TypeError('no texts');
    const texts: string[] = [];
    for (let at = 0; at < buffer.end; ) {
      const length = buffer.bytes.readInt32LE(at);
      texts.push(buffer.bytes.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
    return texts;
  }
}

describe('tuples', () => {
  const rows = Array.from({ length: 50 }, (_, index) =>
    tuple(int32(index), index % 3 === 0 ? null : Buffer.from('x'.repeat(index))),
  );
  const [first = Buffer.alloc(0), ...others] = rows;
  const messages = [
    message('H', Buffer.alloc(3)),
    // The server sends the file's header with the first row.
    message('d', Buffer.concat([header, first])),
    ...others.map((row) => message('d', row)),
    message('d', trailer),
    ...end,
  ];

  it.each([
    1,
    3,
    7,
    64,
    1000,
    1 << 16,
  ])('are all read in chunks of %i bytes', async (chunkBytes) => {
    const { copy, sent } = copyOf(['int4', 'bytes'], messages, chunkBytes);
    const sink = new Kept(['int', 'string']);
    let last: readonly (string | null)[] = [];
    for (let block = await copy.next(7); block !== null; block = await copy.next(7)) {
      copy.decode(block, sink);
      last = block.last();
    }
    await sent;
    expect(sink.row).toBe(50);
    const [ids] = sink.columns;
    expect(ids?.kind === 'int32' && [...ids.data.subarray(0, ids.count)]).toEqual(
      rows.map((_, index) => index),
    );
    expect(sink.texts(1)).toEqual(
      rows.flatMap((_, index) => (index % 3 === 0 ? [] : ['x'.repeat(index)])),
    );
    expect(sink.columns[1]?.nulls.count).toBe(17);
    expect(last).toEqual(['49', 'x'.repeat(49)]);
  });

  it('of an empty result are none', async () => {
    for (const only of [
      [message('d', Buffer.concat([header, trailer]))],
      [message('d', header), message('d', trailer)],
    ]) {
      const { copy, sent } = copyOf(['int4'], [...only, ...end], 4);
      expect(await copy.next(10)).toBeNull();
      await sent;
    }
  });

  it.each([
    ['half of one', [tuple(int32(1), int32(2)).subarray(0, 12)]],
    ['two in one message', [Buffer.concat([tuple(int32(1), int32(2)), tuple(int32(1), int32(2))])]],
    ['another number of columns', [tuple(int32(1))]],
    ['a number of another length', [tuple(int32(1), int16(2))]],
    ['a length beyond the message', [Buffer.concat([int16(2), int32(4), int32(1), int32(900)])]],
  ])('that are none are refused: %s', async (_, bodies) => {
    const sent = [message('d', header), ...bodies.map((body) => message('d', body)), ...end];
    const { copy } = copyOf(['int4', 'int4'], sent, 1 << 16);
    const block = await copy.next(10);
    expect(() => copy.decode(block!, new Kept(['int', 'int']))).toThrow(
      expect.objectContaining({ code: 'source_answer_invalid' }),
    );
  });

  it('keep numbers with more digits than their column as text', async () => {
    const numeric = (...parts: readonly number[]): Buffer => Buffer.concat(parts.map(int16));
    const cases: readonly (readonly [Buffer, string])[] = [
      // 12345.6: a digit too many before the point of a numeric(5,1).
      [numeric(3, 1, 0, 1, 1, 2345, 6000), '12345.6'],
      [numeric(2, 0, 0x4000, 2, 1, 2300), '-1.23'],
      [numeric(0, 0, -0x4000, 0), 'NaN'],
      [numeric(0, 0, -0x3000, 0), 'Infinity'],
      [numeric(0, 0, -0x1000, 0), '-Infinity'],
    ];
    const body = cases.map(([cell]) => message('d', tuple(cell)));
    const { copy } = copyOf(['numeric'], [message('d', header), ...body, ...end], 1 << 16);
    const sink = new Kept(['decimal(5, 1)']);
    copy.decode((await copy.next(100))!, sink);
    expect(sink.misfits).toEqual(cases.map(([, text], row) => [row, 0, text]));
    expect(sink.columns[0]?.nulls.count).toBe(cases.length);
  });
});
