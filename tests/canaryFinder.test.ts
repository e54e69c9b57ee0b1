import { describe, expect, it } from 'vitest';
import { canaryFinder } from './canaryFinder.ts';

const canary = 'sk_live/c+n&ry "é" 7f2';
const find = canaryFinder([canary, 'another-canary-1']);
const says = (text: string): readonly string[] => find(Buffer.from(text));

describe('a canary is found', () => {
  it('as it is, at the start, in the middle and at the end of a text', () => {
    for (const text of [canary, `${canary}, then more`, `first ${canary} more`, `last: ${canary}`])
      expect(says(text)).toEqual([canary]);
  });

  it('in JSON, in JSON inside of JSON, in a URL, in a form, as hexadecimal', () => {
    const spelt = [
      JSON.stringify({ canary }),
      JSON.stringify(JSON.stringify({ canary })),
      new URL(`https://x.example/?a=${encodeURIComponent(canary)}`).href,
      new URLSearchParams({ a: canary }).toString(),
      Buffer.from(canary).toString('hex'),
    ];
    for (const text of spelt) expect(says(text), text).toEqual([canary]);
  });

  it('in base64 of a longer text, whatever stands before and after it', () => {
    for (const before of ['', 'u', 'us', 'use', 'user:'])
      for (const after of ['', ':', ':more'])
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = Buffer.from(`${before}${canary}${after}`).toString(encoding);
          expect(says(`Basic ${text}`), text).toEqual([canary]);
          expect(says(encodeURIComponent(text)), text).toEqual([canary]);
        }
  });

  it('beside others, and one line of a key alone', () => {
    expect(says(`another-canary-1 ${canary}`)).toEqual(['another-canary-1', canary]);
    const key = '-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n';
    expect(canaryFinder([key])(Buffer.from('-----BEGIN KEY----- … mnopqrstuvwx'))).toEqual([key]);
  });
});

it('finds nothing where there is none, and refuses one that would turn up by chance', () => {
  expect(says('another-canary-2 sk_live/c+n&ry')).toEqual([]);
  expect(says('')).toEqual([]);
  expect(() => canaryFinder(['short'])).toThrow(/too short/);
});
