import { memo, type ReactNode } from 'react';
import { Icon } from './Icon.tsx';
import type { Sorting } from './sorting.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly align?: 'right';
  /** The title is a button that sorts by this column. */
  readonly sortable?: boolean;
  /** For columns of buttons: the title is only heard. */
  readonly hiddenTitle?: boolean;
  readonly className?: string;
  /** Of the column, e.g. `12%`; with them the table keeps its columns whatever is in them. */
  readonly width?: string;
}

interface DataTableProps<Row> {
  /** What the table holds, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sorting?: Sorting;
  readonly onSort?: (sorting: Sorting) => void;
  /** Nothing is known yet: as many grey rows hold the place. */
  readonly skeletonRows?: number;
  /** In place of rows. */
  readonly empty?: ReactNode;
  readonly dense?: boolean;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, sorting, onSort, skeletonRows = 0 } = props;
  const isFixed = columns.some(({ width }) => width !== undefined);
  return (
    // Scrolls by itself where it is wider than the page, and with the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable
    <section className="table-scroll" aria-label={caption} tabIndex={0}>
      <table
        className={`table${props.dense ? ' dense' : ''}${isFixed ? ' fixed' : ''}`}
        aria-busy={skeletonRows > 0}
      >
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ id, title, align, sortable, hiddenTitle, width }) => {
              const sorted = sorting?.by === id;
              const order = sorted ? (sorting.descending ? 'descending' : 'ascending') : undefined;
              return (
                <th
                  key={id}
                  scope="col"
                  className={align}
                  style={width === undefined ? undefined : { width }}
                  aria-sort={sortable ? (order ?? 'none') : undefined}
                >
                  {sortable && onSort !== undefined ? (
                    <button
                      type="button"
                      className={sorted ? 'sort sorted' : 'sort'}
                      onClick={() => onSort({ by: id, descending: sorted && !sorting.descending })}
                    >
                      {title}
                      <Icon name={sorted && !sorting.descending ? 'up' : 'down'} />
                    </button>
                  ) : (
                    <span className={hiddenTitle ? 'visually-hidden' : undefined}>{title}</span>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={rowKey(row)} row={row} columns={columns as readonly Column<unknown>[]} />
          ))}
          {rows.length === 0 &&
            Array.from({ length: skeletonRows }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows without anything of their own
              <tr key={row}>
                {columns.map(({ id }) => (
                  <td key={id}>
                    <span className="skeleton" />
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
      {rows.length === 0 && skeletonRows === 0 && props.empty != null && (
        <div className={typeof props.empty === 'string' ? 'empty brief' : 'empty'}>
          {props.empty}
        </div>
      )}
      {skeletonRows > 0 && (
        <span className="visually-hidden" role="status">
          Loading
        </span>
      )}
    </section>
  );
}

interface TableRowProps {
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
}

/** Drawn again only when its own row, or a column, is another. */
const TableRow = memo(function TableRow({ row, columns }: TableRowProps) {
  return (
    <tr>
      {columns.map(({ id, cell, align, className }) => (
        <td key={id} className={[align, className].filter(Boolean).join(' ') || undefined}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
});
