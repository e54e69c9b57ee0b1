import { describe, expect, it } from 'vitest';
import type { Paging } from '../../../../shared/connectors/rest/restPages.ts';
import type { Json } from '../../../../shared/json.ts';
import { type Asked, bench, idsOf, spec, stream, wholeRead } from './restBench.ts';

const seven = [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id }));
const size = { to: { query: 'limit' }, records: 3 } as const;

const paged = (paging: Paging, answer: (asked: Asked) => Json | Response) =>
  bench(
    spec({ items: stream({ pages: { path: '/items', records: 'items', paging, size } }) }),
    answer,
  );

/** Each kind of paging, and a source that pages so. */
const kinds: readonly (readonly [string, Paging, (asked: Asked) => Json | Response])[] = [
  [
    'a token in the answer',
    { kind: 'token', next: 'page.next', to: { query: 'cursor' } },
    ({ url }) => {
      const start = Number(url.searchParams.get('cursor') ?? 0);
      const more = start + 3 < seven.length;
      return {
        items: seven.slice(start, start + 3),
        page: { next: more ? String(start + 3) : null },
      };
    },
  ],
  [
    'a token in the answer, which a field says to use',
    { kind: 'token', next: 'end', more: 'more', to: { header: 'x-cursor' } },
    ({ headers }) => {
      const start = Number(headers.get('x-cursor') ?? 0);
      return { items: seven.slice(start, start + 3), end: start + 3, more: start + 3 < 7 };
    },
  ],
  [
    'a token in the answer, until a field says that this is the end',
    { kind: 'token', next: 'next', end: 'end', to: { query: 'cursor' } },
    ({ url }) => {
      const start = Number(url.searchParams.get('cursor') ?? 0);
      return { items: seven.slice(start, start + 3), next: start + 3, end: start + 3 >= 7 };
    },
  ],
  [
    'the next address in the answer',
    { kind: 'nextUrl', next: 'links.next' },
    ({ url }) => {
      const start = Number(url.searchParams.get('start') ?? 0);
      const next = start === 0 ? '/v2/items?start=3' : 'https://api.example.com/v2/items?start=6';
      return {
        items: seven.slice(start, start + 3),
        links: start === 6 ? {} : { next },
      };
    },
  ],
  [
    'a Link header',
    { kind: 'linkHeader' },
    ({ url }) => {
      const start = Number(url.searchParams.get('start') ?? 0);
      const link = `<https://api.example.com/v2/items?start=0>; rel="first", <items?start=${start + 3}>; title="n, e"; rel="next"`;
      return Response.json(
        { items: seven.slice(start, start + 3) },
        start === 6 ? {} : { headers: { link } },
      );
    },
  ],
  [
    'an offset',
    { kind: 'offset', to: { query: 'offset' } },
    ({ url }) => {
      const start = Number(url.searchParams.get('offset'));
      return { items: seven.slice(start, start + 3) };
    },
  ],
  [
    'a number of the page',
    { kind: 'page', to: { query: 'page' }, first: 1 },
    ({ url }) => {
      const start = (Number(url.searchParams.get('page')) - 1) * 3;
      return { items: seven.slice(start, start + 3) };
    },
  ],
  [
    'the last key',
    { kind: 'lastKey', key: 'id', to: { body: 'after.id' } },
    ({ body }) => {
      const after = (body as { after?: { id: number } } | undefined)?.after?.id ?? 0;
      return { items: seven.filter(({ id }) => id > after).slice(0, 3) };
    },
  ],
];

describe('pages found by', () => {
  for (const [what, paging, answer] of kinds) {
    it(`${what} come to an end with every record once`, async () => {
      const { read } = paged(paging, answer);
      const batches = await read('items');
      expect(batches.length).toBe(3);
      expect(idsOf(batches)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(batches.at(-1)?.checkpoint).toMatchObject({ v: 1, sweep: null });
    });

    it(`${what} are gone on with from any of them`, async () => {
      const { read } = paged(paging, answer);
      const batches = await read('items');
      for (const [index, { checkpoint }] of batches.entries()) {
        const from = JSON.parse(JSON.stringify(checkpoint)) as typeof checkpoint;
        if (typeof from === 'function' || from === undefined) throw new Error('a checkpoint');
        expect(idsOf(await read('items', {}, from))).toEqual(
          [1, 2, 3, 4, 5, 6, 7].slice((index + 1) * 3),
        );
      }
    });
  }

  it('an address elsewhere are not followed, because the credentials would go along', async () => {
    for (const next of [
      'https://evil.example/v2/items',
      'http://api.example.com/v2/items',
      'https://api.example.com:444/v2/items',
      '//evil.example/items',
      'javascript:alert(1)',
    ]) {
      const { read, asked } = paged({ kind: 'nextUrl', next: 'next' }, () => ({
        items: seven.slice(0, 3),
        next,
      }));
      await expect(read('items')).rejects.toMatchObject({ code: 'source_answer_invalid' });
      expect(asked.length).toBe(1);
    }
  });

  it('a token that does not move are not asked for for ever', async () => {
    const { read, asked } = paged({ kind: 'token', next: 'next', to: { query: 'cursor' } }, () => ({
      items: seven.slice(0, 3),
      next: 'same',
    }));
    await expect(read('items')).rejects.toThrow(/names the page it answered/);
    expect(asked.length).toBe(2);
  });

  it('a key that the last record lacks are an error, not an end', async () => {
    const { read } = paged({ kind: 'lastKey', key: 'id', to: { query: 'after' } }, () => ({
      items: [{ id: 1 }, { id: 2 }, {}],
    }));
    await expect(read('items')).rejects.toMatchObject({ code: 'source_answer_invalid' });
  });

  it('fields of the last record go on after a page that was cut short', async () => {
    const { read } = bench(
      spec({
        items: stream({
          pages: {
            path: '/items',
            records: 'items',
            paging: { kind: 'keyset', keys: ['id'], cutShort: { at: 'done', is: false } },
            size: { records: 3 },
            request: ({ page }) => ({
              query: Array.isArray(page) ? { after: String(page[0]) } : {},
            }),
          },
        }),
      }),
      ({ url }) => {
        const after = Number(url.searchParams.get('after') ?? 0);
        const rest = seven.filter(({ id }) => id > after);
        return { items: rest.slice(0, 2), done: rest.length <= 2 };
      },
    );
    expect(idsOf(await read('items'))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

it('the page after is asked for before a page is worked on, however little that work waits', async () => {
  const left: string[] = [];
  const { connector, context } = bench(
    spec({
      items: stream({
        pages: {
          path: '/items',
          records: 'items',
          paging: { kind: 'token', next: 'next', to: { query: 'cursor' } },
        },
      }),
    }),
    () => null,
    {
      // As a socket does it: what is sent in a turn of the event loop leaves at its end.
      fetch: async (input) => {
        const page = Number(new URL(String(input)).searchParams.get('cursor') ?? 1);
        await new Promise<void>((resolve) => process.nextTick(resolve));
        left.push(`page ${page}`);
        return Response.json({ items: [{ id: page }], next: page < 3 ? String(page + 1) : null });
      },
    },
  );
  for await (const _batch of connector.read(context, wholeRead('items'), null)) left.push('work');
  expect(left).toEqual(['page 1', 'page 2', 'work', 'page 3', 'work', 'work']);
});
