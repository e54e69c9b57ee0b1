import { describe, expect, it } from 'vitest';
import { rowCells } from '../../../shared/formats/csv/rowCells.ts';
import { type ColumnRules, columnRulesOf, noRules } from '../../../shared/schema/columnRules.ts';
import { RuleBook } from '../../../shared/schema/ruleBook.ts';

const book = (rules: Partial<ColumnRules>, include: readonly string[] | null = null) =>
  new RuleBook({ ...noRules, ...rules }, include);

describe('rules of columns', () => {
  it('mean the column of that spelling first, then the one a table would call the same', () => {
    const rules = book({ types: { 'Order ID': 'long', order_id: 'string' }, exclude: ['Größe'] });
    expect(rules.of('Order ID').type).toBe('long');
    expect(rules.of('order_id').type).toBe('string');
    expect(rules.of('ORDER-ID').type).toBe('string');
    expect(rules.of('größe').isTaken).toBe(false);
  });

  it('mask by the name a column is given, too, and let no type go before a mask', () => {
    const rules = book({
      rename: { mail: 'email' },
      masks: { email: 'hash', mail2: 'redact' },
      types: { mail: 'long', mail2: 'long' },
    });
    expect(rules.of('mail')).toMatchObject({ mask: 'hash', type: null, name: 'email' });
    expect(rules.of('mail2')).toMatchObject({ mask: 'redact', type: null });
  });

  it('take members of what is taken, and open nothing that is masked or left out', () => {
    const rules = book({ exclude: ['b'], masks: { c: 'redact' } }, ['a', 'b', 'c', 'd.e']);
    expect(
      ['a', 'a.x', 'a.x.y', 'b', 'd', 'd.e', 'd.f'].filter((name) => rules.of(name).isTaken),
    ).toEqual(['a', 'a.x', 'a.x.y', 'd.e']);
    expect(['a', 'b', 'c', 'd', 'e'].filter((name) => rules.opens(name))).toEqual(['a', 'd']);
  });

  it('are not touched by names of an object’s own', () => {
    const rules = book({ rename: { a: 'b' } });
    for (const name of ['constructor', '__proto__', 'toString'])
      expect(rules.of(name)).toEqual({ isTaken: true, name: null, type: null, mask: null });
  });

  it('are a stream’s own before its source’s; a table without a schema evolves', () => {
    const source = {
      streams: { own: { contract: 'freeze' as const, nested: 'json' as const } },
      contract: 'discard_row' as const,
      rules: { nested: 'flatten' as const },
    };
    const schema = [{ id: 1, name: 'id', type: 'long' as const }];
    expect(columnRulesOf(source, { stream: 'own', schema }, null)).toMatchObject({
      contract: 'freeze',
      nested: 'json',
    });
    expect(columnRulesOf(source, { stream: 'other', schema }, null)).toMatchObject({
      contract: 'discard_row',
      nested: 'flatten',
    });
    expect(columnRulesOf(source, { stream: 'own', schema: [] }, null).contract).toBe('evolve');
  });
});

describe('the cells of one row', () => {
  const usual = { delimiter: ',', quote: '"', quoteEscape: '"' };
  it.each([
    ['a,b', usual, ['a', 'b']],
    ['a,,', usual, ['a', null, null]],
    ['"a ""b""",""', usual, ['a "b"', '']],
    [' "a" ,b', usual, ['a', 'b']],
    ['"a\nb",c', usual, ['a\nb', 'c']],
    ['a;"b\\"c"', { delimiter: ';', quote: '"', quoteEscape: '\\' }, ['a', 'b"c']],
    ["'a''b'|c", { delimiter: '|', quote: "'", quoteEscape: "'" }, ["a'b", 'c']],
    ['', usual, [null]],
  ])('%j', (text, dialect, cells) => {
    expect(rowCells(text, dialect)).toEqual(cells);
  });

  it.each(['"a', '"a"b,c', 'a\nb'])('are none in %j', (text) => {
    expect(rowCells(text, usual)).toBeNull();
  });
});
