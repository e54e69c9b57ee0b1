import type { Json } from '../../../client/generated.ts';
import { DataTable } from '../../ui/DataTable.tsx';

type Row = Readonly<Record<string, Json>>;

interface RowsTableProps {
  readonly caption: string;
  readonly rows: readonly Row[];
  /** In this order; left out: all that the rows have. */
  readonly columns?: readonly { readonly name: string; readonly type?: string }[];
  /** Columns whose texts are shown whole, over several lines. */
  readonly whole?: readonly string[];
  readonly empty?: string;
}

const numeric = /^(int|long|float|double|decimal)/;

/** A value of a row as text; null is told from an empty text. */
export const cellText = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Rows of a table as they are. */
export function RowsTable(props: RowsTableProps) {
  const { caption, rows, columns, whole = [], empty = 'No rows.' } = props;
  const shown: NonNullable<RowsTableProps['columns']> =
    columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => ({ name }));
  const numbered = rows.map((row, index) => ({ row, index }));
  return (
    <DataTable<{ readonly row: Row; readonly index: number }>
      dense
      caption={caption}
      rows={numbered}
      rowKey={({ index }) => String(index)}
      empty={empty}
      columns={shown.map(({ name, type }) => ({
        id: name,
        title: name,
        className: whole.includes(name) ? 'cell mono whole' : 'cell mono',
        ...(type !== undefined && numeric.test(type) ? { align: 'right' as const } : {}),
        cell: ({ row }) => {
          const value = row[name];
          if (value === null || value === undefined) return <span className="faint">null</span>;
          const text = cellText(value);
          return <span title={text.length > 40 ? text : undefined}>{text}</span>;
        },
      }))}
    />
  );
}
