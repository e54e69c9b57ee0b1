import { describe, expect, it } from 'vitest';
import { decodeText, detectEncoding, type Encoding } from '../../../shared/formats/decodeText.ts';
import { seededRandom } from './seededRandom.ts';

async function decode(
  bytes: Uint8Array,
  chosen?: Encoding,
  size = 1000,
): Promise<{ readonly text: string; readonly encoding: Encoding }> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const decoding = decodeText(chunks(), detectEncoding(bytes.subarray(0, 4096), chosen));
  const text = Buffer.concat(await Array.fromAsync(decoding.chunks)).toString('utf8');
  return { text, encoding: decoding.encoding };
}

describe('decoding', () => {
  it.each([
    1, 2, 3, 5, 4096,
  ])('never breaks a character on the border of chunks of %i bytes', async (size) => {
    const random = seededRandom(`encodings in chunks of ${size}`);
    const alphabet = ['a', 'é', '€', '😀', '\u{10ffff}', '\n', ',', '中'];
    let text = 'start,';
    for (let count = 0; count < 3000; count++)
      text += alphabet[Math.floor(random() * alphabet.length)]!;
    const utf16 = Buffer.from(text, 'utf16le');
    expect(await decode(Buffer.from(text), undefined, size)).toEqual({ text, encoding: 'utf-8' });
    expect(await decode(Buffer.from(`\ufeff${text}`), undefined, size)).toEqual({
      text,
      encoding: 'utf-8',
    });
    expect(await decode(Buffer.from(`\ufeff${text}`, 'utf16le'), undefined, size)).toEqual({
      text,
      encoding: 'utf-16le',
    });
    expect(await decode(utf16, 'utf-16le', size)).toEqual({ text, encoding: 'utf-16le' });
    expect(await decode(Buffer.from(utf16).swap16(), 'utf-16be', size)).toEqual({
      text,
      encoding: 'utf-16be',
    });
  });

  it('takes the first byte that is no UTF-8, after nothing but ASCII, for Windows-1252', async () => {
    const ascii = 'x,y\n'.repeat(5000);
    const bytes = Buffer.concat([Buffer.from(ascii), Buffer.from([0x93, 0xe9, 0x94, 0x80, 10])]);
    for (const size of [1, 3, 4096])
      expect(await decode(bytes, undefined, size)).toEqual({
        text: `${ascii}“é”€\n`,
        encoding: 'windows-1252',
      });
    expect((await decode(Buffer.from('caf\xe9', 'latin1'))).text).toBe('café');
  });

  it('agrees with TextDecoder on every byte of Windows-1252 that is one', async () => {
    const open = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
    const bytes = Buffer.from(
      Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !open.includes(byte)),
    );
    expect((await decode(bytes, 'windows-1252')).text).toBe(
      new TextDecoder('windows-1252').decode(bytes),
    );
    for (const byte of open)
      await expect(decode(Buffer.from([65, byte]), 'windows-1252')).rejects.toMatchObject({
        facts: { offset: 1 },
      });
  });

  it('keeps every byte of latin-1', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect((await decode(bytes, 'latin-1')).text).toBe(bytes.toString('latin1'));
  });

  it.each([
    ['a lone byte', [0x61, 0xc3, 0xa9, 0xff, 0x61], 3],
    ['an overlong form', [0xc3, 0xa9, 0xc0, 0xaf], 2],
    ['a surrogate', [0xc3, 0xa9, 0xed, 0xa0, 0x80], 2],
    ['a character that is cut off', [0xc3, 0xa9, 0xe2, 0x82], 2],
    ['beyond Unicode', [0xc3, 0xa9, 0xf5, 0x80, 0x80, 0x80], 2],
  ])('refuses %s in UTF-8, with its byte, and replaces nothing', async (_, bytes, offset) => {
    for (const size of [1, 2, 100])
      await expect(decode(Buffer.from(bytes), undefined, size)).rejects.toMatchObject({
        code: 'file_unreadable',
        facts: { offset, encoding: 'utf-8' },
      });
  });

  it('finds the bad byte in a megabyte of good ones', async () => {
    const good = Buffer.from('é,text\n'.repeat(150_000));
    for (const at of [8, 524_280, 1_199_992]) {
      const bytes = Buffer.from(good);
      bytes[at + 2] = 0xfe;
      await expect(decode(bytes, undefined, 1 << 20)).rejects.toMatchObject({
        facts: { offset: at + 2 },
      });
    }
  });

  it('refuses half a surrogate pair and half a unit in UTF-16', async () => {
    const text = Buffer.from('ab\ud800c', 'utf16le');
    await expect(decode(text, 'utf-16le')).rejects.toMatchObject({ facts: { offset: 4 } });
    await expect(decode(text.subarray(0, 3), 'utf-16le')).rejects.toMatchObject({
      facts: { offset: 2 },
    });
    await expect(decode(Buffer.from('ab\ud83d', 'utf16le'), 'utf-16le')).rejects.toMatchObject({
      facts: { offset: 4 },
    });
  });
});

it('sees UTF-16 without a mark, and takes nothing else for it', () => {
  const text = 'name,price\nAda,5\n';
  expect(detectEncoding(Buffer.from(text, 'utf16le'), undefined).encoding).toBe('utf-16le');
  expect(detectEncoding(Buffer.from(text, 'utf16le').swap16(), undefined).encoding).toBe(
    'utf-16be',
  );
  expect(detectEncoding(Buffer.from(text), undefined).encoding).toBe('utf-8');
  expect(detectEncoding(Buffer.from(`a\0b\n${text}`), undefined).encoding).toBe('utf-8');
});
