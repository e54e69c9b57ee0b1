import { describe, expect, it } from 'vitest';
import {
  type JsonShape,
  jsonShapeOf,
  jsonTexts,
} from '../../../../shared/formats/json/jsonTexts.ts';

async function textsOf(
  content: string,
  shape: JsonShape,
  size: number,
): Promise<readonly (readonly [number, string])[]> {
  const bytes = Buffer.from(content);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return (await Array.fromAsync(jsonTexts(chunks(), shape))).map(({ line, text }) => [
    line,
    text.trim(),
  ]);
}

describe.each([1, 2, 3, 7, 1000])('in chunks of %i bytes', (size) => {
  it('cuts an array into its values, with the line of each', async () => {
    expect(
      await textsOf('[\n {"a":"]},{"},\n{"b":[1,{"c":"\\"é"}]}\n, 5 ,"x",null]\n', 'values', size),
    ).toEqual([
      [2, '{"a":"]},{"}'],
      [3, '{"b":[1,{"c":"\\"é"}]}'],
      [4, '5'],
      [4, '"x"'],
      [4, 'null'],
    ]);
  });

  it('cuts values one after the other, and arrays among them', async () => {
    expect(await textsOf('{"a":1}{"b":2}\n\n[{"c":3},{"d":4}]\n[{"e":5}]', 'values', size)).toEqual(
      [
        [1, '{"a":1}'],
        [1, '{"b":2}'],
        [3, '{"c":3}'],
        [3, '{"d":4}'],
        [4, '{"e":5}'],
      ],
    );
  });

  it('cuts lines, whatever stands in them', async () => {
    expect(await textsOf('{"a":1}\r\n\n  \n{"b":\n[\n{"c":3}', 'lines', size)).toEqual([
      [1, '{"a":1}'],
      [4, '{"b":'],
      [5, '['],
      [6, '{"c":3}'],
    ]);
  });

  it('says where a file is cut off', async () => {
    await expect(textsOf('[{"a":1},\n{"b":[1', 'values', size)).rejects.toMatchObject({
      code: 'file_unreadable',
      facts: { line: 2 },
    });
    await expect(textsOf('[{"a":1},', 'values', size)).rejects.toThrow(/array does not end/);
    await expect(textsOf('[{"a":"x', 'values', size)).rejects.toMatchObject({
      code: 'file_unreadable',
    });
  });
});

it('refuses a value longer than a record may be, and says what records must be', async () => {
  await expect(
    textsOf(`{"data":[${'{"a":1},'.repeat(2_500_000)}]}`, 'values', 65_536),
  ).rejects.toThrow(/top-level array/);
});

it('cuts a line that is too long, and reads on behind it', async () => {
  const texts = await textsOf(
    `{"a":1}\n{"b":"${'x'.repeat(17 * 2 ** 20)}"}\n{"c":3}\n`,
    'lines',
    65_536,
  );
  expect(texts.map(([line, text]) => [line, text.slice(0, 8)])).toEqual([
    [1, '{"a":1}'],
    [2, '{"b":"xx'],
    [3, '{"c":3}'],
  ]);
});

it.each([
  ['{"a":1}\n{"a":2}\n', 'lines'],
  ['{"a":1}', 'lines'],
  ['\n {"a":1}\n', 'lines'],
  ['[{"a":1}]', 'values'],
  ['{\n"a":1\n}\n', 'values'],
  ['{"a":\n', 'values'],
])('takes %j for %s', (sample, shape) => {
  expect(jsonShapeOf(sample)).toBe(shape);
});
