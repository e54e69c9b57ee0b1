import { describe, expect, it } from 'vitest';
import { mapOrigins } from '../../../shared/http/mapOrigins.ts';

describe('a fetch with other origins in the place of vendors’', () => {
  const asked: string[] = [];
  const inner: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    asked.push(`${request.method} ${request.url} ${request.headers.get('x-a')}`);
    return new Response();
  };
  const mapped = mapOrigins(inner, { 'https://api.vendor.example': 'http://127.0.0.1:9999' });

  it('keeps path, query, method and headers, of texts, URLs and requests', async () => {
    const init = { method: 'POST', headers: { 'x-a': 'b' } };
    await mapped('https://api.vendor.example/v1/things?a=1%202', init);
    await mapped(new URL('https://api.vendor.example/v1/things?a=1%202'), init);
    await mapped(new Request('https://api.vendor.example/v1/things?a=1%202', init));
    const wanted = 'POST http://127.0.0.1:9999/v1/things?a=1%202 b';
    expect(asked.splice(0)).toEqual([wanted, wanted, wanted]);
  });

  it('leaves every other origin alone, and one without a map untouched', async () => {
    for (const address of [
      'https://api.vendor.example:444/',
      'http://api.vendor.example/',
      'https://api.vendor.example.evil.example/',
      'https://toString/',
    ]) {
      await mapped(address);
      expect(asked.splice(0)[0]).toContain(new URL(address).origin);
    }
    expect(mapOrigins(inner, {})).toBe(inner);
  });
});
