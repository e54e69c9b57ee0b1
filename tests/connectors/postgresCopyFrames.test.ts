import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CopyFrames } from '../../connectors/postgres/copyFrames.ts';

const message = (type: string, body: string): Buffer => {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(body));
  bytes.write(type, 'latin1');
  bytes.writeUInt32BE(bytes.length - 1, 1);
  bytes.write(body, 5);
  return bytes;
};

/** Sends messages in chunks of a size through frames that were put in front of a driver. */
async function send(messages: readonly Buffer[], chunkBytes: number) {
  const stream = new PassThrough();
  const driver: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => driver.push(Buffer.from(chunk)));
  const rows: string[] = [];
  let row = Buffer.alloc(0);
  let announced = 0;
  new CopyFrames(stream, {
    begin(bytes) {
      announced = bytes;
      row = Buffer.alloc(0);
    },
    add(source, from, to) {
      row = Buffer.concat([row, source.subarray(from, to)]);
    },
    end() {
      expect(row.length).toBe(announced);
      rows.push(row.toString());
    },
  });
  const bytes = Buffer.concat(messages);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    stream.write(bytes.subarray(at, at + chunkBytes));
    await turn();
  }
  return { rows, driver: Buffer.concat(driver).toString('latin1'), stream };
}

const before = message('H', '\0\0\0');
const notice = message('N', 'd is no row, nor is Z');
const after = [message('c', ''), message('C', 'COPY 3\0'), message('Z', 'T')];

it.each([
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  11,
  64,
  1 << 16,
])('takes the rows of a COPY and leaves the driver the rest, in chunks of %i bytes', async (chunkBytes) => {
  const { rows, driver, stream } = await send(
    [
      before,
      message('d', '1,a\n'),
      notice,
      message('d', '2,"Z\nd"\n'),
      message('d', 'é\n'),
      ...after,
    ],
    chunkBytes,
  );
  expect(rows).toEqual(['1,a\n', '2,"Z\nd"\n', 'é\n']);
  expect(driver).toBe(Buffer.concat([before, notice, ...after]).toString('latin1'));
  expect(stream.listenerCount('data')).toBe(1);
});

it('gives the connection back when the query ends, whatever comes then', async () => {
  const next = [message('T', 'd'), message('d', 'not a row of this query')];
  const { rows, driver } = await send([message('E', 'no'), message('Z', 'E'), ...next], 7);
  expect(rows).toEqual([]);
  expect(driver).toBe(
    Buffer.concat([message('E', 'no'), message('Z', 'E'), ...next]).toString('latin1'),
  );
});
