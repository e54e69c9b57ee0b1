import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFifo } from '../../../shared/duckdb/fifo.ts';
import { Fifos } from '../../../shared/duckdb/fifos.ts';
import { type DuckDb, openDuckDb, sqlName, sqlText } from '../../../shared/duckdb/openDuckDb.ts';

let workFolder: string;
let controller: AbortController;
beforeEach(() => {
  workFolder = mkdtempSync(join(tmpdir(), 'duckdb-'));
  controller = new AbortController();
});
afterEach(() => rmSync(workFolder, { recursive: true, force: true }));
const open = (over = {}): DuckDb =>
  openDuckDb({
    workFolder,
    memoryLimitMegabytes: 200,
    threads: 1,
    signal: controller.signal,
    ...over,
  });

it('reads and writes in its work folder and nowhere else, and fetches nothing', async () => {
  await using db = open();
  await db.rows(
    `COPY (SELECT 1 AS a) TO ${sqlText(join(workFolder, 'a.parquet'))} (FORMAT parquet)`,
  );
  expect(
    await db.rows(`SELECT a FROM read_parquet(${sqlText(join(workFolder, 'a.parquet'))})`),
  ).toEqual([{ a: 1 }]);
  const outside = join(tmpdir(), `outside-${process.pid}.csv`);
  writeFileSync(outside, 'a\n1\n');
  for (const sql of [
    `SELECT * FROM read_csv(${sqlText(outside)})`,
    `SELECT * FROM read_csv(${sqlText(join(workFolder, '..', `outside-${process.pid}.csv`))})`,
    "SELECT * FROM read_csv('/etc/passwd')",
    `COPY (SELECT 1) TO ${sqlText(join(tmpdir(), 'written.csv'))}`,
    'INSTALL httpfs',
    "SELECT * FROM 'http://127.0.0.1:1/a.parquet'",
  ])
    await expect(db.rows(sql), sql).rejects.toThrow(/Permission Error|disabled by configuration/);
  rmSync(outside);
});

it('keeps its settings, whatever a statement asks for', async () => {
  await using db = open();
  for (const setting of [
    'SET enable_external_access = true',
    "SET memory_limit = '10GB'",
    "SET TimeZone = 'Asia/Tokyo'",
  ])
    await expect(db.rows(setting)).rejects.toThrow(/locked/);
  expect(
    await db.rows(
      "SELECT current_setting('TimeZone') AS zone, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS at",
    ),
  ).toEqual([{ zone: 'UTC', at: '2026-01-01 00:00:00+00' }]);
});

it('says that the memory is over rather than taking more', async () => {
  await using db = open({ memoryLimitMegabytes: 20 });
  await expect(
    db.rows("SELECT length(string_agg(repeat('x', 1000), '')) FROM range(200000)"),
  ).rejects.toMatchObject({ code: 'out_of_memory' });
  expect(await db.rows('SELECT 1 AS a')).toEqual([{ a: 1 }]);
});

it('stops a running statement with the reason of the signal, and starts no other', async () => {
  await using db = open();
  const reason = new Error('the lock was lost');
  const running = db.rows('SELECT count(*) FROM range(100000000000000) t(a) WHERE a % 7 = 3');
  setTimeout(() => controller.abort(reason), 100);
  await expect(running).rejects.toBe(reason);
  await expect(db.rows('SELECT 1')).rejects.toBe(reason);
});

it('closes under a running statement without waiting for its end', async () => {
  const db = open();
  const running = db.rows('SELECT count(*) FROM range(100000000000000) t(a) WHERE a % 7 = 3');
  const waiting = db.rows('SELECT 1');
  for (const statement of [running, waiting]) statement.catch(() => undefined);
  await db[Symbol.asyncDispose]();
  await expect(running).rejects.toThrow(/INTERRUPT|closed/);
  await expect(waiting).rejects.toThrow(/closed/);
});

it('quotes texts and names that try to break out', async () => {
  await using db = open();
  const hostile = `'; DROP TABLE x; --"`;
  expect(await db.rows(`SELECT ${sqlText(hostile)} AS ${sqlName(hostile)}`)).toEqual([
    { [hostile]: hostile },
  ]);
});

it('pipes bytes through a fifo into a statement, with an end', async () => {
  await using db = open();
  const path = join(workFolder, 'pipe');
  {
    await using fifo = await makeFifo(path);
    const rows = db.rows(
      `SELECT sum(a)::INTEGER AS sum FROM read_csv(${sqlText(path)}, columns = {a: 'INTEGER'}, auto_detect = false)`,
    );
    for (let count = 0; count < 100; count++) await fifo.write(Buffer.from('1\n'.repeat(1000)));
    await fifo.end();
    expect(await rows).toEqual([{ sum: 100_000 }]);
  }
  expect(existsSync(path)).toBe(false);
});

it('writes several blocks one behind the other, however little the pipe takes at once', async () => {
  await using db = open();
  const path = join(workFolder, 'pipe');
  await using fifo = await makeFifo(path);
  const rows = db.rows(
    `SELECT count(*)::INTEGER AS count, sum(a)::INTEGER AS sum, max(a) AS max FROM read_csv(${sqlText(path)}, columns = {a: 'INTEGER'}, auto_detect = false)`,
  );
  // Far more than the 64 KB a pipe holds, with an empty block, and borders in the middle of numbers.
  const text = Array.from({ length: 200_000 }, (_, index) => `${index % 10_000}\n`).join('');
  const blocks = [0, 1, 70_000, 70_000, 70_003, 400_001, text.length];
  await fifo.write(
    ...blocks.slice(1).map((end, index) => Buffer.from(text.slice(blocks[index], end))),
  );
  await fifo.end();
  expect(await rows).toEqual([{ count: 200_000, sum: 999_900_000, max: 9999 }]);
});

it('takes a pipe again once it is free, and no bytes of who had it before', async () => {
  await using db = open();
  const fifos = new Fifos(join(workFolder, 'pipes'));
  const paths: string[] = [];
  for (const [round, text] of ['1\n2\n', '3\n', ''].entries()) {
    await using fifo = await fifos.take();
    paths.push(fifo.path);
    const rows = db.rows(
      `SELECT coalesce(sum(a), 0)::INTEGER AS sum FROM read_csv(${sqlText(fifo.path)}, columns = {a: 'INTEGER'}, auto_detect = false, header = false)`,
    );
    if (text !== '') await fifo.write(Buffer.from(text));
    await fifo.end();
    expect(await rows).toEqual([{ sum: [3, 3, 0][round] }]);
  }
  expect(new Set(paths).size).toBe(1);
  await using first = await fifos.take();
  await using second = await fifos.take();
  expect(first.path).not.toBe(second.path);
  await first.release();
  await second.release();
});

it('makes another pipe in place of one whose reader failed', async () => {
  const fifos = new Fifos(join(workFolder, 'pipes'));
  let failed = '';
  {
    await using fifo = await fifos.take();
    failed = fifo.path;
    await fifo.release();
  }
  expect(existsSync(failed)).toBe(false);
  await using next = await fifos.take();
  expect(next.path).not.toBe(failed);
  await next.release();
});

it('lets a writer go that waits for a reader who will never come', async () => {
  await using fifo = await makeFifo(join(workFolder, 'pipe'));
  const writing = fifo.write(Buffer.from('x'));
  // What it wrote just before the pipe was gone went nowhere.
  const outcome = writing.then(
    () => 'written',
    (error) => error.code,
  );
  await fifo.release();
  expect(await outcome).toMatch(/written|EPIPE|EBADF/);
});

it('is there until it is released, and no longer needed for it afterwards', async () => {
  const fifo = await makeFifo(join(workFolder, 'pipe'));
  const writing = fifo.write(Buffer.from('x'));
  writing.catch(() => undefined);
  // As when a statement fails while its writer is disposed of: both release, and the pipe goes in the middle of it.
  const releases = [fifo.release(), fifo[Symbol.asyncDispose](), fifo.release()];
  expect(await Promise.allSettled(releases)).toEqual(
    releases.map(() => ({ status: 'fulfilled', value: undefined })),
  );
  await Promise.allSettled([writing]);
  await expect(fifo.release()).resolves.toBeUndefined();

  const unused = await makeFifo(join(workFolder, 'unused'));
  await unused[Symbol.asyncDispose]();
  await expect(unused.release()).resolves.toBeUndefined();
});

it('refuses to wait for a reader who failed before the writer came', async () => {
  await using fifo = await makeFifo(join(workFolder, 'pipe'));
  await fifo.release();
  await expect(fifo.write(Buffer.from('x'))).rejects.toThrow(/no reader/);
  await expect(fifo.end()).rejects.toThrow(/no reader/);
});

it('lets a writer go whose reader went away', async () => {
  await using db = open();
  const path = join(workFolder, 'pipe');
  await using fifo = await makeFifo(path);
  const failing = db.rows(
    `SELECT error('no') FROM read_csv(${sqlText(path)}, columns = {a: 'INTEGER'}, auto_detect = false)`,
  );
  failing.catch(() => fifo.release());
  await expect(
    (async () => {
      while (true) await fifo.write(Buffer.from('1\n'.repeat(100_000)));
    })(),
  ).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|EBADF/) });
  await expect(failing).rejects.toThrow(/no/);
  expect(readdirSync(workFolder).includes('pipe')).toBe(true);
});

it('starts with its first statement, and costs nothing where there is none', async () => {
  const spill = join(workFolder, 'duckdb');
  {
    await using db = open();
    db.interrupt();
    expect(existsSync(spill)).toBe(false);
  }
  await using db = open();
  await db.rows('SELECT 1');
  expect(existsSync(spill)).toBe(true);
});
