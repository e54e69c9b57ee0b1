import { Fragment, memo, type ReactNode, useMemo } from 'react';
import type { SourceSummary } from '../../../client/generated.ts';
import { navigate } from '../../app/router.ts';
import { useClient, useMay } from '../../app/session.ts';
import { countText, dateTimeText } from '../../text/format.ts';
import { Button, Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Menu } from '../../ui/Menu.tsx';
import type { Sorting } from '../../ui/sorting.ts';
import { Ago } from '../../ui/Time.tsx';
import { attempt } from '../../ui/Toasts.tsx';
import { isBusy } from './health.ts';
import { StateBadge } from './StateBadge.tsx';
import { setStatus, startRun } from './sourceActions.ts';

/** Where a source’s own page is. */
export const sourcePath = (id: string, tab = ''): string =>
  `/sources/${encodeURIComponent(id)}${tab === '' ? '' : `?tab=${tab}`}`;

interface SourcesTableProps {
  readonly sources: readonly SourceSummary[];
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  readonly onDelete: (source: SourceSummary) => void;
  readonly skeletonRows: number;
  readonly empty: ReactNode;
}

/** Drawn again only when a source on this page of the list, or the order, has changed. */
export const SourcesTable = memo(function SourcesTable(props: SourcesTableProps) {
  const mayEdit = useMay('editor');
  const { onDelete } = props;
  const columns = useMemo(
    () => (mayEdit ? [...readColumns, actionsColumn(onDelete)] : readColumns),
    [mayEdit, onDelete],
  );
  return (
    <DataTable
      caption="Sources"
      columns={columns}
      rows={props.sources}
      rowKey={({ id }) => id}
      sorting={props.sorting}
      onSort={props.onSort}
      skeletonRows={props.skeletonRows}
      empty={props.empty}
    />
  );
});

/** A long name breaks behind an underscore rather than reach into the next column. */
const breakable = (name: string): ReactNode =>
  name.split(/(?<=_)/).map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one name never change places.
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));

const readColumns: readonly Column<SourceSummary>[] = [
  {
    id: 'name',
    title: 'Source',
    width: '17%',
    sortable: true,
    className: 'source-name',
    cell: ({ id, name, key }) => (
      <>
        <Link to={sourcePath(id)}>{name}</Link>
        {name !== key && <span className="sub mono">{key}</span>}
      </>
    ),
  },
  {
    id: 'connector',
    title: 'Type',
    width: '14%',
    sortable: true,
    cell: ({ connector }) =>
      connector === '' ? <span className="faint">Not chosen</span> : breakable(connector),
  },
  {
    id: 'health',
    title: 'Status',
    width: '14%',
    sortable: true,
    className: 'col-status',
    cell: (source) => <StateBadge source={source} />,
  },
  {
    id: 'rows',
    title: 'Rows',
    width: '12%',
    sortable: true,
    align: 'right',
    cell: ({ recordCount }) => countText(recordCount),
  },
  {
    id: 'lastSync',
    title: 'Last sync',
    width: '12%',
    sortable: true,
    className: 'nowrap',
    cell: ({ lastSyncAt }) => <Ago at={lastSyncAt} />,
  },
  {
    id: 'next',
    title: 'Schedule',
    width: '15%',
    sortable: true,
    cell: ({ scheduleText, nextRunAt }) => (
      <>
        {scheduleText}
        {nextRunAt !== null && (
          <span className="sub" title={dateTimeText(nextRunAt)}>
            Next <Ago at={nextRunAt} />
          </span>
        )}
      </>
    ),
  },
];

const actionsColumn = (onDelete: (source: SourceSummary) => void): Column<SourceSummary> => ({
  id: 'actions',
  title: 'Actions',
  width: '190px',
  hiddenTitle: true,
  cell: (source) => <Actions source={source} onDelete={onDelete} />,
});

const Actions = memo(function Actions({
  source,
  onDelete,
}: {
  readonly source: SourceSummary;
  readonly onDelete: (source: SourceSummary) => void;
}) {
  const client = useClient();
  const { id, name, status, connector, currentRunId } = source;
  const paused = status === 'paused';
  const canRun = connector !== '' && status !== 'archived' && status !== 'draft';
  return (
    <div className="row-actions">
      <Button
        icon="refresh"
        disabled={!canRun}
        aria-label={`Sync Now: ${name}`}
        onClick={() => void attempt(() => startRun(client, source))}
      >
        Sync Now
      </Button>
      <Menu
        label={`More for ${name}`}
        items={[
          ...(isBusy(source) && currentRunId !== null
            ? [{ label: 'Watch the run', onSelect: () => navigate(`/runs/${currentRunId}`) }]
            : []),
          { label: 'Details', onSelect: () => navigate(sourcePath(id)) },
          { label: 'Edit', onSelect: () => navigate(sourcePath(id, 'settings')) },
          {
            label: status === 'active' ? 'Pause' : paused ? 'Resume' : 'Activate',
            disabled: connector === '',
            onSelect: () =>
              void attempt(() =>
                setStatus(client, source, status === 'active' ? 'paused' : 'active'),
              ),
          },
          { label: 'Delete…', danger: true, onSelect: () => onDelete(source) },
        ]}
      />
    </div>
  );
});
