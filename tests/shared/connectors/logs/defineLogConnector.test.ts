import { describe, expect, it } from 'vitest';
import type { Context, StreamRequest } from '../../../../shared/connectors/connector.ts';
import type { LogCheckpoint } from '../../../../shared/connectors/logs/logCheckpoint.ts';
import { createLog } from '../../../../shared/log.ts';
import { describeConnector } from '../../../connectors/conformance.ts';
import { type Row, readBatch } from '../../../connectors/readBatch.ts';
import { seeded } from '../../../randomness.ts';
import { memoryLog } from './memoryLog.ts';

const example = memoryLog();
example.create('orders', 3);
const put = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    example.append('orders', n % 3, `k${n}`, JSON.stringify({ n }));
    return `${n % 3} k${n} ${n}`;
  });

describeConnector({
  connector: example.connector,
  config: { topics: ['orders'] },
  credentials: {},
  stream: {
    name: 'orders',
    primaryKey: ['_partition', '_offset'],
    cursorField: null,
    columns: null,
  },
  identify: (row) => `${row['_partition']} ${row['_key']} ${row['n']}`,
  expected: put(0, 13),
  add: async () => put(100, 120),
  openConnections: async () => example.open(),
  cannotBe: {
    invalid_credentials: 'a log in memory asks for none',
    source_forbidden: 'it shows everybody everything',
    source_unreachable: 'it is in this process',
    source_throttled: 'it is never asked too often',
  },
  refusals: [
    {
      title: 'a missing topic',
      config: { topics: ['nothing'] },
      stream: 'nothing',
      code: 'source_not_found',
      says: /topic/,
    },
  ],
});

type Log = ReturnType<typeof memoryLog>;
const contextOf = (
  log: Log,
  config: object = {},
  lines: string[] = [],
): Context<unknown, unknown> => ({
  config: log.connector.config.parse(config),
  credentials: {},
  fetch: () => Promise.reject(new Error('no HTTP here')),
  resolveHost: async (host) => host,
  now: () => new Date(),
  sleep: async () => {},
  signal: new AbortController().signal,
  log: createLog((line) => lines.push(line)),
});

async function readAll(
  log: Log,
  from: unknown = null,
  { config = {}, ...over }: Partial<StreamRequest> & { config?: object } = {},
) {
  const [rows, tombstones]: [Row[], Row[]] = [[], []];
  const checkpoints: LogCheckpoint[] = [];
  const lines: string[] = [];
  const request: StreamRequest = {
    name: 'topic',
    mode: 'incremental',
    primaryKey: ['_partition', '_offset'],
    cursorField: null,
    columns: null,
    window: null,
    ...over,
  };
  for await (const batch of log.connector.read(contextOf(log, config, lines), request, from)) {
    (batch.tombstones === true ? tombstones : rows).push(...(await readBatch(batch, null)));
    checkpoints.push(log.connector.checkpoint.parse(batch.checkpoint) as LogCheckpoint);
  }
  return { rows, tombstones, checkpoints, lines, last: checkpoints.at(-1) as LogCheckpoint };
}
const values = ({ rows }: { rows: readonly Row[] }): unknown[] => rows.map((row) => row['_value']);
const filled = (count: number, partitions = 1): Log => {
  const log = memoryLog();
  log.create('topic', partitions);
  for (let index = 0; index < count; index += 1)
    log.append('topic', index % partitions, `k${index}`, `v${index}`);
  return log;
};

describe('a log', () => {
  it('is read up to where it ended when the read began', async () => {
    const log = filled(5);
    const first = await readAll(log);
    log.append('topic', 0, null, 'later');
    // In the middle of the first read.
    const rest = await readAll(log, first.checkpoints[0]);
    expect([...values(first).slice(0, 3), ...values(rest)]).toEqual(['v0', 'v1', 'v2', 'v3', 'v4']);
    expect(values(await readAll(log, first.last))).toEqual(['later']);
  });

  it('has gaps that are none, and ends that no record stands at', async () => {
    const log = filled(8);
    for (const offset of [0n, 2n, 3n, 7n]) log.remove('topic', 0, offset);
    const read = await readAll(log);
    expect(values(read)).toEqual(['v1', 'v4', 'v5', 'v6']);
    expect(read.last).toEqual({ v: 1, next: { 0: '8' }, ends: null });
  });

  it('says how much retention has dropped, or goes on without it', async () => {
    const log = filled(6);
    const from = { v: 1, next: { 0: '1' }, ends: null };
    log.drop('topic', 0, 4n);
    await expect(readAll(log, from)).rejects.toMatchObject({
      code: 'cursor_expired',
      message: expect.stringMatching(/^3 offsets of topic/),
    });
    const skipped = await readAll(log, from, { config: { onGap: 'skip' } });
    expect(values(skipped)).toEqual(['v4', 'v5']);
    expect(skipped.lines.join()).toMatch(/"offsets":"3"/);
    expect(values(await readAll(log, null, { mode: 'full_refresh' }))).toEqual(['v4', 'v5']);
  });

  it('is not taken for the one of that name before it', async () => {
    const log = filled(2);
    for (const next of [{ 0: '5' }, { 0: '1', 1: '1' }])
      await expect(readAll(log, { v: 1, next, ends: null })).rejects.toMatchObject({
        code: 'cursor_expired',
        message: expect.stringMatching(/anew/),
      });
  });

  it('gives partitions that are added whole, to the read after the one they came in', async () => {
    const log = filled(4);
    const first = await readAll(log);
    const wider = filled(8, 2);
    // Partition 0 has four records still.
    expect(values(await readAll(wider, first.checkpoints[0]))).toEqual(['v6']);
    expect(values(await readAll(wider, first.last))).toEqual(['v1', 'v3', 'v5', 'v7']);
  });

  it('gives tombstones in their place among the records where rows are told apart by key', async () => {
    const log = memoryLog(100);
    log.create('topic', 1);
    for (const value of ['a', null, null, 'b', null]) log.append('topic', 0, 'k', value);
    const plain = await readAll(log);
    expect(values(plain)).toEqual(['a', null, null, 'b', null]);
    const kinds: string[] = [];
    const request = { name: 'topic', mode: 'incremental', primaryKey: ['_key'] } as const;
    for await (const batch of log.connector.read(
      contextOf(log),
      { ...request, cursorField: null, columns: null, window: null },
      null,
    ))
      kinds.push(`${batch.tombstones === true} ${(await readBatch(batch, null)).length}`);
    expect(kinds).toEqual(['false 1', 'true 2', 'false 1', 'true 1']);
  });

  it('keeps fields of values apart from its own columns', async () => {
    const log = memoryLog();
    log.create('topic', 1);
    log.append('topic', 0, 'k', '{"_key":"other","_Offset":7,"name":"Ada"}');
    const { rows } = await readAll(log);
    expect(rows).toEqual([
      {
        _partition: 0,
        _offset: '0',
        _timestamp: '2024-05-01T10:00:00.000Z',
        _key: 'k',
        _headers: null,
        _value: null,
        value_key: 'other',
        value_Offset: 7,
        name: 'Ada',
      },
    ]);
  });

  it('that answers nothing is an error, not an end', async () => {
    const log = filled(3);
    log.stick();
    await expect(readAll(log)).rejects.toMatchObject({ code: 'source_unreachable' });
  });

  it('loses and doubles nothing, wherever its reads are stopped', async () => {
    const random = seeded('logs');
    for (let round = 0; round < 30; round += 1) {
      const partitions = 1 + random.below(3);
      const log = filled(0, partitions);
      const [written, read]: [string[], string[]] = [[], []];
      let from: unknown = null;
      for (let step = 0; step < 8; step += 1) {
        for (let count = random.below(9); count > 0; count -= 1) {
          const value = `${round} ${step} ${count}`;
          log.append('topic', random.below(partitions), null, value);
          written.push(value);
        }
        const { rows, checkpoints } = await readAll(log, from);
        // What a run that was stopped here had committed.
        const stop = checkpoints[random.below(checkpoints.length)];
        const isCommitted = (row: Row): boolean =>
          BigInt(String(row['_offset'])) < BigInt(stop?.next[String(row['_partition'])] ?? 0);
        read.push(...rows.filter(isCommitted).map((row) => String(row['_value'])));
        from = stop;
      }
      for (let last = 0; last < 2; last += 1) {
        const rest = await readAll(log, from);
        read.push(...values(rest).map(String));
        from = rest.last;
      }
      expect(read.sort(), `round ${round}`).toEqual(written.sort());
    }
  });
});
