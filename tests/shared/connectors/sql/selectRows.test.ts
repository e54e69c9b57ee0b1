import { describe, expect, it } from 'vitest';
import {
  type StatementDialect as Dialect,
  selectEvenly,
  selectNth,
  selectRange,
  selectRows,
} from '../../../../shared/connectors/sql/selectRows.ts';
import { changed, column, id, note, part, selection, table } from './sqlExamples.ts';

const rowWise: Dialect = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  parameter: (index, { nativeType }) => `$${index}::${nativeType}`,
  instant: (bind, value) => `$${bind(value)}::timestamptz`,
  comparesRows: true,
  endless: (quoted) => `${quoted} = 'infinity'`,
};
/** As MySQL has it: no row comparison by index, nulls first, every placeholder bound by place. */
const spelledOut: Dialect = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  parameter: () => '?',
  instant: (bind, value) => '?'.repeat(Math.min(1, bind(value))),
  comparesRows: false,
  endless: () => null,
};

describe('selectRows', () => {
  it('selects a whole table in no order', () => {
    expect(selectRows(rowWise, selection())).toEqual({
      sql: 'select "id", "note" from "public"."orders"',
      values: [],
    });
  });

  it('selects what stands for a column instead of it', () => {
    const tags = column('tags', { expression: 'to_json("tags")' });
    expect(selectRows(rowWise, selection({ columns: [id, tags] })).sql).toBe(
      'select "id", to_json("tags") from "public"."orders"',
    );
  });

  it('selects from what stands for the table, where its name would mean more', () => {
    const own = table({ from: 'only "public"."orders"' });
    expect(selectRows(rowWise, selection({ table: own })).sql).toBe(
      'select "id", "note" from only "public"."orders"',
    );
  });

  it('goes on above a key of two columns, compared as a row', () => {
    expect(selectRows(rowWise, selection({ order: [id, part], after: ['7', '2'] }))).toEqual({
      sql: 'select "id", "note" from "public"."orders" where ("id", "part") > ($1::bigint, $2::integer) order by "id", "part"',
      values: ['7', '2'],
    });
  });

  it('spells the comparison out for a database that does not compare rows', () => {
    expect(selectRows(spelledOut, selection({ order: [id, part], after: ['7', '2'] }))).toEqual({
      sql: 'select `id`, `note` from `public`.`orders` where ((`id` > ?) or (`id` = ? and `part` > ?)) order by `id`, `part`',
      values: ['7', '7', '2'],
    });
  });

  it('ends a slice at a key of two columns, and either way of comparing', () => {
    const slice = selection({ order: [id, part], after: ['7'], to: ['9', '2'] });
    expect(selectRows(rowWise, slice).sql).toContain(
      'where "id" > $1::bigint and ("id", "part") <= ($2::bigint, $3::integer) order by',
    );
    expect(selectRows(spelledOut, slice)).toMatchObject({
      sql: expect.stringContaining('where `id` > ? and ((`id` < ?) or (`id` = ? and `part` <= ?))'),
      values: ['7', '9', '9', '2'],
    });
  });

  it('reads from the lower end on, inclusive or not, up to the upper end', () => {
    const { sql, values } = selectRows(
      rowWise,
      selection({
        order: [changed, id],
        cursor: changed,
        lower: { value: '2024-01-01', inclusive: true },
        upper: { value: '2024-02-01', inclusive: false },
      }),
    );
    expect(sql).toContain(
      'where "changed_at" >= $1::timestamp with time zone and "changed_at" < $2::timestamp with time zone order by "changed_at", "id"',
    );
    expect(values).toEqual(['2024-01-01', '2024-02-01']);
    const lower = { value: '7', inclusive: false };
    expect(selectRows(spelledOut, selection({ cursor: id, lower })).sql).toMatch(
      /where `id` > \?$/,
    );
  });

  it('begins with the first year where times have no lower end, because what is before has no place', () => {
    const upper = { value: '2024-02-01', inclusive: false };
    expect(selectRows(spelledOut, selection({ cursor: changed, upper }))).toMatchObject({
      sql: expect.stringMatching(/where `changed_at` >= \? and `changed_at` < \?$/),
      values: ['0001-01-01', '2024-02-01'],
    });
    expect(selectRows(spelledOut, selection({ cursor: id, upper })).sql).toMatch(
      /where `id` < \?$/,
    );
  });

  it('takes rows that no bound covers along, or alone', () => {
    const upper = { value: '9', inclusive: true };
    expect(
      selectRows(rowWise, selection({ cursor: changed, upper, uncovered: 'with' })).sql,
    ).toContain(
      `where ("changed_at" <= $1::timestamp with time zone or "changed_at" is null or "changed_at" = 'infinity')`,
    );
    expect(
      selectRows(spelledOut, selection({ cursor: id, upper, uncovered: 'with' })).sql,
    ).toContain('where `id` <= ?');
    expect(selectRows(rowWise, selection({ cursor: changed, uncovered: 'only' }))).toEqual({
      sql: `select "id", "note" from "public"."orders" where ("changed_at" is null or "changed_at" = 'infinity' or "changed_at" < $1::timestamp with time zone)`,
      values: ['0001-01-01'],
    });
  });

  it('binds both ends of a window and leaves an open end open', () => {
    const window = { from: '2024-01-01', to: '2024-02-01T00:00:00Z' };
    expect(selectRows(rowWise, selection({ cursor: changed, window }))).toMatchObject({
      sql: expect.stringContaining(
        'where "changed_at" >= $1::timestamptz and "changed_at" < $2::timestamptz',
      ),
      values: ['2024-01-01', '2024-02-01T00:00:00Z'],
    });
    expect(
      selectRows(rowWise, selection({ cursor: changed, window: { ...window, to: null } })).sql,
    ).toMatch(/where "changed_at" >= \$1::timestamptz and not \("changed_at" = 'infinity'\)$/);
  });

  it('lets no name and no value out of its quotes', () => {
    const hostile = `x"; drop table y; --`;
    const evil = column(hostile, { nativeType: 'text', cursor: 'time', nullable: false });
    const { sql, values } = selectRows(
      rowWise,
      selection({
        table: table({ schema: hostile, name: hostile }),
        columns: [evil],
        order: [evil],
        after: [hostile],
      }),
    );
    const quoted = `"x""; drop table y; --"`;
    expect(sql).toBe(
      `select ${quoted} from ${quoted}.${quoted} where ${quoted} > $1::text order by ${quoted}`,
    );
    expect(values).toEqual([hostile]);
  });
});

it('asks for the range of a column, and for the key after so many others', () => {
  const upper = { value: '2024-01-01', inclusive: false };
  expect(selectRange(rowWise, selection({ cursor: changed, upper }), changed)).toEqual({
    sql: 'select min("changed_at"), max("changed_at") from "public"."orders" where "changed_at" >= $1::timestamp with time zone and "changed_at" < $2::timestamp with time zone',
    values: ['0001-01-01', '2024-01-01'],
  });
  expect(selectNth(rowWise, selection({ order: [id, part], after: ['7', '2'] }), 99)).toEqual({
    sql: 'select "id", "part" from "public"."orders" where ("id", "part") > ($1::bigint, $2::integer) order by "id", "part" limit 1 offset 99',
    values: ['7', '2'],
  });
  expect(note.cursor).toBeNull();
});

it('asks for keys at even distances in a sample, under names that no column can have', () => {
  const upper = { value: '9', inclusive: true };
  expect(
    selectEvenly(rowWise, selection({ order: [id, part], cursor: id, upper }), 'sample 3', 20),
  ).toEqual({
    sql: 'select k0, k1, total from (select "id" as k0, "part" as k1, row_number() over (order by "id", "part") as place, count(*) over () as total from "public"."orders" sample 3 where "id" <= $1::bigint) sampled where mod(place, total / 20 + 1) = 0 order by place',
    values: ['9'],
  });
});
