import { describe, expect, it } from 'vitest';
import { JsonError, parseRecord } from '../../../../shared/formats/json/parseRecord.ts';
import { seededRandom } from '../seededRandom.ts';

describe('a record', () => {
  it('keeps numbers and nested values as the file spells them', () => {
    expect(
      parseRecord(
        ' {"a" : 1.50, "b":-0,"c":1e400,"d": [1.0, {"x" : "a b\\" c"}] ,"e":"\\u00e9\\n","f":null,"g":true,"h":NaN,"i":-Infinity}\n',
      ),
    ).toEqual([
      { key: 'a', kind: 'number', text: '1.50' },
      { key: 'b', kind: 'number', text: '-0' },
      { key: 'c', kind: 'number', text: '1e400' },
      { key: 'd', kind: 'nested', text: '[1.0,{"x":"a b\\" c"}]' },
      { key: 'e', kind: 'string', text: 'é\n' },
      { key: 'f', kind: 'null', text: '' },
      { key: 'g', kind: 'boolean', text: 'true' },
      { key: 'h', kind: 'number', text: 'NaN' },
      { key: 'i', kind: 'number', text: '-Infinity' },
    ]);
    expect(parseRecord('{}')).toEqual([]);
  });

  it.each([
    ['[1]', /not a JSON object/],
    ['{"a":1,}', /key in double quotes/],
    ["{'a':1}", /key in double quotes/],
    ['{"a":1 "b":2}', /comma or closing brace/],
    ['{"a"=1}', /colon/],
    ['{"a":01}', /comma or closing brace/],
    ['{"a":+1}', /not a JSON value/],
    ['{"a":.5}', /not a JSON value/],
    ['{"a":tru}', /not a JSON value/],
    ['{"a":"x', /not closed/],
    ['{"a":"\n"}', /control character/],
    ['{"a":"\\x"}', /wrong escape/],
    ['{"a":"\\ud800"}', /surrogate/],
    ['{"a":[1,2}', /bracket is not closed|no JSON/],
    ['{"a":[NaN]}', /no JSON/],
    ['{"a":1}{"b":2}', /follows/],
    ['{"a":1,"a":2}', /comes twice/],
    ['{"a":1', /comma or closing brace/],
  ])('refuses %s', (text, message) => {
    expect(() => parseRecord(text)).toThrow(JsonError);
    expect(() => parseRecord(text)).toThrow(message);
  });

  it('holds what JSON.parse holds, of 5,000 random objects in random spacing', () => {
    const random = seededRandom('records');
    const pick = <Item>(items: readonly Item[]): Item =>
      items[Math.floor(random() * items.length)]!;
    const value = (depth: number): unknown => {
      const kind = random();
      if (kind < 0.25) return pick(['', 'a', 'q"\\/', '\u0000\u001f', 'é😀', '{"x":1}', 'a\tb']);
      if (kind < 0.5) return pick([0, -1.5, 1e-7, 123456789012, 1e21]);
      if (kind < 0.6 || depth > 3) return pick([true, false, null]);
      if (kind < 0.8)
        return Array.from({ length: Math.floor(random() * 4) }, () => value(depth + 1));
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 4) }, (_, key) => [
          `k"${key}`,
          value(depth + 1),
        ]),
      );
    };
    for (let count = 0; count < 5000; count++) {
      const object = Object.fromEntries(
        Array.from({ length: Math.floor(random() * 6) }, (_, key) => [
          `${pick(['k', 'ü', ' ', '"'])}${key}`,
          value(0),
        ]),
      );
      const text = JSON.stringify(object, null, pick([undefined, 1, '\t']));
      const held = Object.fromEntries(
        parseRecord(text).map(({ key, kind, text: raw }) => [
          key,
          kind === 'null' ? null : kind === 'string' ? raw : JSON.parse(raw),
        ]),
      );
      expect(held, text).toEqual(object);
    }
  });

  it('reads strings of megabytes and brackets of any depth', () => {
    const long = 'x\\"'.repeat(1_000_000);
    expect(parseRecord(`{"a":"${long}"}`)[0]?.text.length).toBe(2_000_000);
    expect(parseRecord(`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`)[0]?.kind).toBe('nested');
  });
});
