import { describe, expect, it } from 'vitest';
import { projection } from '../../../../shared/connectors/rest/projectRecord.ts';
import { seeded } from '../../../randomness.ts';

describe('a projection', () => {
  it('writes epoch times as Date does, from the first to the last that a date can be', () => {
    const random = seeded('epoch times');
    const project = projection(
      [
        { name: 's', type: 'timestamptz', format: 'epochSeconds' },
        { name: 'ms', type: 'timestamptz', format: 'epochMilliseconds' },
      ],
      null,
    );
    const times = [0, -1, 999, 86_399_999, -86_400_001, 253_402_300_800_000, 8.64e15, -8.64e15];
    for (let count = 0; count < 2000; count += 1)
      times.push(Math.floor((random.next() - 0.5) * 8.64e15), random.below(2 ** 31) * 1000);
    for (const ms of times) {
      expect(project({ ms })).toEqual({ ms: new Date(ms).toISOString() });
      const s = Math.floor(ms / 1000);
      expect(project({ s })).toEqual({ s: new Date(s * 1000).toISOString() });
    }
    // What is none stays as it is, for the loader to keep beside the row.
    expect(project({ ms: 8.64e15 + 1, s: 'soon' })).toEqual({ ms: 8.64e15 + 1, s: 'soon' });
    expect(project({ s: 1.5 })).toEqual({ s: '1970-01-01T00:00:01.500Z' });
  });

  it('takes values from inside, as JSON where they are nested, and leaves nulls and emptiness out', () => {
    const project = projection(
      [
        { name: 'id', type: 'string' },
        { name: 'mail', type: 'string', from: 'emails.0.value' },
        { name: 'emails', type: 'string' },
        { name: 'score', type: 'double' },
        { name: 'text', type: 'string' },
        { name: 'kinds', type: 'string', format: 'list' },
        { name: 'at', type: 'timestamptz', format: 'isoOffset' },
        { name: 'toString', type: 'string', from: 'a.toString' },
      ],
      'others',
    );
    expect(
      project({
        id: 'a',
        emails: [{ value: 'x@example.com' }],
        score: '',
        text: '',
        kinds: 'a;b',
        at: '2026-05-01T07:25:37.000+0000',
        a: {},
        none: null,
        more: { deep: [1] },
      }),
    ).toEqual({
      id: 'a',
      mail: 'x@example.com',
      emails: '[{"value":"x@example.com"}]',
      text: '',
      kinds: '["a","b"]',
      at: '2026-05-01T07:25:37.000+00:00',
      others: '{"more":{"deep":[1]}}',
    });
  });

  it('makes the same row of a record whether its fields are the columns or one too many', () => {
    const columns = [
      { name: 'id', type: 'long' },
      { name: 'tags', type: 'string' },
      { name: 'score', type: 'double' },
      { name: 'text', type: 'string' },
      { name: 'at', type: 'timestamptz' },
    ] as const;
    const record = { id: 1, tags: ['a', { b: 2 }], score: '', text: '', at: null };
    const row = { id: 1, tags: '["a",{"b":2}]', text: '' };
    const present = (projected: object) =>
      Object.fromEntries(Object.entries(projected).filter(([, value]) => value !== null));
    for (const others of ['others', null]) {
      expect(present(projection(columns, others)({ ...record }))).toEqual(row);
      expect(present(projection(columns, others)({ ...record, more: [1] }))).toEqual(
        others === null ? row : { ...row, others: '{"more":[1]}' },
      );
    }
  });

  it('refuses what has no fields, instead of making a row of nulls', () => {
    const project = projection([{ name: 'id', type: 'long' }], 'others');
    for (const none of [null, 5, 'x', true])
      expect(() => project(none)).toThrow(/among its records, where columns are expected/);
  });
});
