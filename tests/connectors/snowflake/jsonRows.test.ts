import { expect, it } from 'vitest';
import { jsonRows } from '../../../connectors/snowflake/jsonRows.ts';
import type { Json } from '../../../shared/json.ts';
import { seeded } from '../../randomness.ts';

const rows: readonly Json[] = [
  ['1', 'plain', null],
  ['2', 'a "quoted" ] text [ with \\ and ,', 'ä€😀'],
  [],
  ['3', '[[', ']]'],
  ['4', '\\', '"'],
];
const text = JSON.stringify({ data: rows });

async function read(pieces: Iterable<Uint8Array>): Promise<readonly Json[]> {
  const all: Json[] = [];
  for await (const some of jsonRows(pieces)) all.push(...some);
  return all;
}
function* cut(bytes: Buffer, length: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + length();
    yield bytes.subarray(at, end);
    at = end;
  }
}

it('gives every row once, wherever the answer is cut', async () => {
  const bytes = Buffer.from(text);
  for (const length of [1, 2, 3, 7, bytes.length])
    expect(await read(cut(bytes, () => length))).toEqual(rows);
  const random = seeded('cuts');
  for (let round = 0; round < 200; round += 1)
    expect(await read(cut(bytes, () => 1 + random.below(9)))).toEqual(rows);
  expect(await read([Buffer.from('{"data":[]}')])).toEqual([]);
});

it('takes an answer that breaks off for a failure, never for a short list', async () => {
  const bytes = Buffer.from(text);
  // The last two bytes are the ends of the list and of the object.
  for (let end = 0; end < bytes.length - 2; end += 1)
    await expect(read([bytes.subarray(0, end)]), String(end)).rejects.toMatchObject({
      code: 'source_answer_invalid',
    });
  await expect(read([Buffer.from('<html>Sorry</html>')])).rejects.toMatchObject({
    code: 'source_answer_invalid',
  });
});
