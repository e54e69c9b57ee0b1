import { describe, expect, it } from 'vitest';
import { selectLargest, selectRows } from '../../../../shared/connectors/sql/selectRows.ts';
import { changed, column, id, note, part, selection, table } from './sqlExamples.ts';

type Dialect = Parameters<typeof selectRows>[0];

const rowWise: Dialect = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  parameter: (index, { nativeType }) => `$${index}::${nativeType}`,
  instant: (bind, value) => `$${bind(value)}::timestamptz`,
  comparesRows: true,
  nullsLast: true,
  endless: (quoted) => `${quoted} = 'infinity'`,
};
/** As MySQL has it: no row comparison by index, nulls first, every placeholder bound by place. */
const spelledOut: Dialect = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  parameter: () => '?',
  instant: (bind, value) => '?'.repeat(Math.min(1, bind(value))),
  comparesRows: false,
  nullsLast: false,
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

  it('goes on above the cursor alone when the key was not known', () => {
    const { sql, values } = selectRows(
      rowWise,
      selection({
        order: [changed, id],
        after: ['2024-01-01'],
        cursor: changed,
        upper: { value: '2024-02-01', inclusive: false },
      }),
    );
    expect(sql).toContain(
      'where "changed_at" > $1::timestamp with time zone and "changed_at" < $2::timestamp with time zone order by "changed_at", "id"',
    );
    expect(values).toEqual(['2024-01-01', '2024-02-01']);
  });

  it('takes rows that no bound covers with a whole read only', () => {
    const upper = { value: '9', inclusive: true };
    expect(
      selectRows(rowWise, selection({ cursor: changed, upper, withUncovered: true })).sql,
    ).toContain(
      `where ("changed_at" <= $1::timestamp with time zone or "changed_at" is null or "changed_at" = 'infinity')`,
    );
    expect(
      selectRows(spelledOut, selection({ cursor: id, upper, withUncovered: true })).sql,
    ).toContain('where `id` <= ?');
  });

  it('keeps nulls for last when a whole table goes by its cursor, also where nulls sort first', () => {
    const whole = selection({
      order: [changed],
      after: ['2024-01-01'],
      cursor: changed,
      withUncovered: true,
    });
    expect(selectRows(rowWise, whole).sql).toMatch(
      /where \("changed_at" > \$1::[a-z ]+ or "changed_at" is null\) order by "changed_at"$/,
    );
    expect(selectRows(spelledOut, whole).sql).toMatch(
      /where \(`changed_at` > \? or `changed_at` is null\) order by `changed_at` is null, `changed_at`$/,
    );
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
    ).toMatch(/where "changed_at" >= \$1::timestamptz$/);
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

it('asks for the largest cursor value below a bound', () => {
  expect(
    selectLargest(rowWise, table(), changed, { value: '2024-01-01', inclusive: false }),
  ).toEqual({
    sql: 'select max("changed_at") from "public"."orders" where "changed_at" < $1::timestamp with time zone',
    values: ['2024-01-01'],
  });
  expect(note.cursor).toBeNull();
});
