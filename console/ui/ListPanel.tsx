import type { ReactNode } from 'react';
import type { Query } from '../data/useQuery.ts';
import { Button } from './Button.tsx';
import { type Column, DataTable } from './DataTable.tsx';
import { Panel } from './Page.tsx';
import { LoadError } from './States.tsx';

interface ListPanelProps<Row> {
  /** Whose answer is shown; while there is none, grey rows hold its place. */
  readonly query: Pick<Query<unknown>, 'data' | 'error' | 'refresh'>;
  /** Of the answer; empty while there is none. */
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** What the table holds, for screen readers. Left out: `title`. */
  readonly caption?: string;
  readonly title?: string;
  readonly description?: string;
  readonly actions?: ReactNode;
  readonly empty: ReactNode;
  readonly skeletonRows?: number;
  readonly dense?: boolean;
  /** A button below the rows; undefined when all are shown. */
  readonly more?: { readonly text: string; readonly onMore: () => void } | undefined;
  /** Between what failed and the table. */
  readonly children?: ReactNode;
}

/** A list of the API: loading, failed with another try, empty, or there. */
export function ListPanel<Row>(props: ListPanelProps<Row>) {
  const { query, title, description, actions, more, skeletonRows = 3 } = props;
  const isUnknown = query.data === undefined && query.error === undefined;
  return (
    <Panel
      flush
      description={description}
      actions={actions}
      {...(title === undefined ? {} : { title })}
    >
      {query.error !== undefined && (
        <LoadError error={query.error} onRetry={() => void query.refresh()} />
      )}
      {props.children}
      <DataTable
        caption={props.caption ?? title ?? ''}
        columns={props.columns}
        rows={props.rows}
        rowKey={props.rowKey}
        skeletonRows={isUnknown ? skeletonRows : 0}
        // What could not be read is not known to be empty.
        empty={query.data === undefined ? null : props.empty}
        dense={props.dense ?? false}
      />
      {more !== undefined && (
        <div className="more-row">
          <Button kind="quiet" onClick={more.onMore}>
            {more.text}
          </Button>
        </div>
      )}
    </Panel>
  );
}
