import { describe, expect, it } from 'vitest';
import { glueTableName } from '../../../functions/glueMirror/glueTableName.ts';

describe('the name of a table in Glue', () => {
  it('is tenant, namespace and table', () => {
    expect(glueTableName('acme', 'shop.order_lines', false)).toBe('acme__shop__order_lines');
    expect(glueTableName('acme', 'shop.order_lines', true)).toBe(
      'acme__shop__order_lines__rejects',
    );
  });

  it('holds only letters, digits and underscores, and stays short', () => {
    const names = [
      glueTableName('Acme Ltd.', 'shop.Größe', false),
      glueTableName("x'; drop table y--", '../..', false),
      glueTableName('acme', `shop.${'t'.repeat(400)}`, true),
      glueTableName('', '', false),
    ];
    for (const name of names) {
      expect(name).toMatch(/^[a-z0-9_]+$/);
      expect(name.length).toBeLessThanOrEqual(255);
    }
  });

  it('is never that of another stream', () => {
    const streams = [
      ['a', 'b.c'],
      ['a__b', 'c.d'],
      ['a', 'b__c.d'],
      ['a', 'b.c__d'],
      ['A', 'b.c'],
      ['a', 'b.c_'],
      ['a', 'b._c'],
      ['a', 'b.c.d'],
      ['a', 'b.c_d'],
      ['a', 'b.c d'],
      ['a_b', 'c.d'],
      ['a', 'b_c.d'],
      ['a', 'b.rejects'],
      ['a', 'b.c__rejects'],
    ] as const;
    const names = streams.flatMap(([tenant, table]) => [
      glueTableName(tenant, table, false),
      glueTableName(tenant, table, true),
    ]);
    expect(new Set(names).size).toBe(names.length);
    // A plain name cannot be chosen so as to equal a hashed one.
    const hashed = glueTableName('A', 'b.c', false);
    const [, tail = ''] = hashed.split('a__b__');
    expect(glueTableName('a', `b.${tail}`, false)).not.toBe(hashed);
  });
});
