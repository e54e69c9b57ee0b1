import { describe, expect, it } from 'vitest';
import {
  type BatchLimits,
  type Cutting,
  cutBatches,
} from '../../../../shared/connectors/sql/cutBatches.ts';
import type { RowBlock, RowReader, SqlRow } from '../../../../shared/connectors/sql/sqlDialect.ts';
import { parseCopyCsv } from '../../../connectors/readBatch.ts';

interface Position {
  readonly after: readonly string[] | null;
  readonly done: boolean;
}

/** Rows of one or two values; hands over as many as asked for. */
function readerOf(rows: readonly (readonly string[])[]): RowReader {
  let at = 0;
  return {
    next: async (maxRows): Promise<RowBlock | null> => {
      const some = rows.slice(at, at + maxRows);
      at += some.length;
      const last = some.at(-1);
      if (last === undefined) return null;
      const text = some.map((row) => `${row.join(',')}\n`).join('');
      return { bytes: Buffer.from(text), rows: some.length, last: (): SqlRow => last };
    },
  };
}

const roomy: BatchLimits = { rows: 1_000, bytes: 2 ** 20, seconds: 30 };
const cutting = (over: Partial<Cutting<Position>> = {}): Cutting<Position> => ({
  columns: [],
  order: [0],
  unique: true,
  limits: roomy,
  now: () => new Date(0),
  signal: new AbortController().signal,
  translate: (error) => error,
  checkpoint: (after, done) => ({ after, done }),
  ...over,
});

async function cut(
  reader: RowReader,
  how: Cutting<Position>,
): Promise<readonly { rows: number; first: string | null; checkpoint: Position }[]> {
  const batches = [];
  for await (const { body, checkpoint } of cutBatches(reader, how)) {
    const chunks: Uint8Array[] = [];
    if (body.kind === 'copyCsv')
      for await (const chunk of body.open()) chunks.push(Buffer.from(chunk));
    const rows = parseCopyCsv(Buffer.concat(chunks).toString());
    const value = typeof checkpoint === 'function' ? checkpoint() : checkpoint;
    batches.push({ rows: rows.length, first: rows[0]?.[0] ?? null, checkpoint: value as Position });
  }
  return batches;
}

const numbered = (count: number): readonly (readonly string[])[] =>
  Array.from({ length: count }, (_, index) => [`${index}`]);

describe('cutBatches', () => {
  it('ends a batch at the row limit, and says of the last that nothing follows', async () => {
    const limits = { ...roomy, rows: 4 };
    expect(await cut(readerOf(numbered(10)), cutting({ limits }))).toEqual([
      { rows: 4, first: '0', checkpoint: { after: ['3'], done: false } },
      { rows: 4, first: '4', checkpoint: { after: ['7'], done: false } },
      { rows: 2, first: '8', checkpoint: { after: ['9'], done: true } },
    ]);
  });

  it('leaves no empty batch behind when the rows end at a limit', async () => {
    const batches = await cut(readerOf(numbered(8)), cutting({ limits: { ...roomy, rows: 4 } }));
    expect(batches.map(({ rows }) => rows)).toEqual([4, 4]);
    expect(batches.at(-1)?.checkpoint.done).toBe(true);
  });

  it('gives an empty read one empty batch with a checkpoint', async () => {
    expect(await cut(readerOf([]), cutting())).toEqual([
      { rows: 0, first: null, checkpoint: { after: null, done: true } },
    ]);
  });

  it('ends a batch after so many bytes, and after so many seconds of a slow source', async () => {
    const wide = Array.from({ length: 6 }, (_, index) => [`${index}`, 'x'.repeat(100)]);
    const one: RowReader = {
      next: (
        (reader) => () =>
          reader.next(1)
      )(readerOf(wide)),
    };
    const byBytes = await cut(one, cutting({ limits: { ...roomy, bytes: 150 } }));
    expect(byBytes.map(({ rows }) => rows)).toEqual([2, 2, 2]);

    let seconds = 0;
    const slow: RowReader = {
      next: ((reader) => () => {
        seconds += 20;
        return reader.next(1);
      })(readerOf(numbered(6))),
    };
    const byTime = await cut(slow, cutting({ now: () => new Date(seconds * 1000) }));
    expect(byTime.length).toBeGreaterThan(1);
    expect(byTime.length).toBeLessThan(6);
  });

  it('never cuts between rows of equal order values that no key tells apart', async () => {
    const ties = ['a', 'a', 'b', 'b', 'b', 'b', 'b', 'c'].map((value) => [value]);
    const batches = await cut(
      readerOf(ties),
      cutting({ unique: false, limits: { ...roomy, rows: 3 } }),
    );
    expect(batches).toEqual([
      { rows: 7, first: 'a', checkpoint: { after: ['b'], done: false } },
      { rows: 1, first: 'c', checkpoint: { after: ['c'], done: true } },
    ]);
  });

  it('makes one batch of rows in no order, however many', async () => {
    const batches = await cut(
      readerOf(numbered(250)),
      cutting({ order: null, limits: { ...roomy, rows: 10 } }),
    );
    expect(batches).toEqual([{ rows: 250, first: '0', checkpoint: { after: null, done: true } }]);
  });

  it('refuses to go on over a batch that was not read', async () => {
    const batches = cutBatches(readerOf(numbered(3)), cutting());
    await batches.next();
    await expect(batches.next()).rejects.toThrow('read to its end');
  });

  it('translates what the reader throws in the middle of a body', async () => {
    const rows = readerOf(numbered(3));
    let calls = 0;
    const broken: RowReader = {
      next: (maxRows) => {
        calls += 1;
        return calls === 1 ? rows.next(maxRows) : Promise.reject(new Error('driver'));
      },
    };
    await expect(cut(broken, cutting({ translate: () => new Error('named') }))).rejects.toThrow(
      'named',
    );
  });

  it('delivers nothing after the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('lock lost');
    const batches = cutBatches(
      readerOf(numbered(9)),
      cutting({ limits: { ...roomy, rows: 3 }, signal: controller.signal }),
    );
    const { value } = await batches.next();
    controller.abort(reason);
    const body = value?.body;
    if (body?.kind !== 'copyCsv') throw new Error('no rows');
    await expect(Array.fromAsync(body.open())).rejects.toBe(reason);
  });
});
