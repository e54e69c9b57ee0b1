import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { FileBytes } from '../../../shared/formats/fileBytes.ts';
import { landedFile } from '../staging/testLoader.ts';

const signal = new AbortController().signal;
const drain = async (bytes: FileBytes): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(bytes.read()));

/** A file that counts the bytes it hands out. */
function counted(content: Buffer) {
  const file = landedFile('f', content, 65_536);
  const asked: number[] = [];
  let given = 0;
  return {
    file: {
      ...file,
      async *open(from = 0) {
        asked.push(from);
        for await (const chunk of file.open(from)) {
          given += chunk.length;
          yield chunk;
        }
      },
    },
    asked,
    given: () => given,
  };
}

it('asks for every byte once, though it is looked at, surveyed and loaded', async () => {
  const content = Buffer.alloc(12 * 2 ** 20, 'abc');
  const source = counted(content);
  const bytes = new FileBytes(source.file, signal);
  expect(Buffer.from(await bytes.head(4096)).equals(content.subarray(0, 4096))).toBe(true);
  let surveyed = 0;
  for await (const chunk of bytes.read()) {
    surveyed += chunk.length;
    if (surveyed > 6 * 2 ** 20) break;
  }
  expect((await drain(bytes)).equals(content)).toBe(true);
  expect(source.given()).toBe(content.length);
  expect(bytes.contentHash).toBe(createHash('sha256').update(content).digest('hex'));
});

it('keeps no more than its first megabytes, and asks again for the rest', async () => {
  const content = Buffer.alloc(20 * 2 ** 20, 'abc');
  const source = counted(content);
  const bytes = new FileBytes(source.file, signal);
  await drain(bytes);
  expect((await drain(bytes)).equals(content)).toBe(true);
  expect(source.asked).toEqual([0, 8 * 2 ** 20]);
});

it('refuses a file of another length, or of other content the second time', async () => {
  const short = { ...landedFile('f', 'abc'), bytes: 4 };
  await expect(drain(new FileBytes(short, signal))).rejects.toMatchObject({ code: 'file_changed' });
  let opened = 0;
  const big = Buffer.alloc(10 * 2 ** 20, 'a');
  const changing = {
    ...landedFile('f', big),
    async *open(from = 0) {
      opened++;
      const copy = Buffer.from(big);
      copy[copy.length - 1] = opened;
      yield* landedFile('f', copy).open(from);
    },
  };
  const bytes = new FileBytes(changing, signal);
  await drain(bytes);
  await expect(drain(bytes)).rejects.toMatchObject({ code: 'file_changed' });
});

it('stops with the reason of the signal', async () => {
  const controller = new AbortController();
  const reason = new Error('over');
  const bytes = new FileBytes(landedFile('f', Buffer.alloc(2 ** 20)), controller.signal);
  await expect(
    (async () => {
      for await (const _ of bytes.read()) controller.abort(reason);
    })(),
  ).rejects.toBe(reason);
});
