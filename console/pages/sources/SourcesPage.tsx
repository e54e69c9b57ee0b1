import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { SourceSummary } from '../../../client/generated.ts';
import { setParams, useParam } from '../../app/router.ts';
import { useMayCreate } from '../../app/session.ts';
import { useSources } from '../../data/useSources.ts';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { Empty, LoadError } from '../../ui/States.tsx';
import type { Sorting } from '../../ui/sorting.ts';
import { AttentionBanner } from './AttentionBanner.tsx';
import { DeleteSource } from './DeleteSource.tsx';
import { filterSources, sortSources } from './listView.ts';
import { SourcesTable } from './SourcesTable.tsx';
import { SourcesToolbar } from './SourcesToolbar.tsx';

const defaultPageSize = 25;
const addressMilliseconds = 300;

/** The list of sources: what is fresh, what failed, and one click to do something about it. */
export function SourcesPage() {
  const [sortBy] = useParam('sort');
  const [pageText] = useParam('page');
  const [sizeText] = useParam('size');
  const [health] = useParam('health');
  const [connector] = useParam('type');
  const [status] = useParam('status');
  const [tag] = useParam('tag');
  const [linkedSearch] = useParam('search');
  // What is typed is shown at once; the address follows.
  const [search, setSearch] = useState(linkedSearch);
  const [deleting, setDeleting] = useState<SourceSummary>();

  const sorting: Sorting = useMemo(
    () => ({ by: sortBy.replace(/^-/, ''), descending: sortBy.startsWith('-') }),
    [sortBy],
  );
  const pageSize = Number(sizeText) || defaultPageSize;
  const visible = useRef<readonly string[]>([]);
  const { sources, total, isComplete, error, refresh } = useSources(visible);
  const sorted = useMemo(() => sortSources(sources, sorting), [sources, sorting]);
  const found = useMemo(
    () => filterSources(sorted, { search, health, connector, status, tag }),
    [sorted, search, health, connector, status, tag],
  );
  const page = Math.min(
    Math.max(0, Number(pageText) - 1 || 0),
    Math.max(0, Math.ceil(found.length / pageSize) - 1),
  );
  const shown = useMemo(
    () => found.slice(page * pageSize, (page + 1) * pageSize),
    [found, page, pageSize],
  );
  useEffect(() => {
    visible.current = shown.map(({ id }) => id);
  }, [shown]);

  const filtered = [search, health, connector, status, tag].some((text) => text !== '');
  // The address follows when somebody stops typing: browsers allow only so many changes of it.
  useEffect(() => {
    if (search === linkedSearch) return undefined;
    const timer = setTimeout(() => setParams({ search, page: '' }), addressMilliseconds);
    return () => clearTimeout(timer);
  }, [search, linkedSearch]);
  const onSort = useCallback(
    ({ by, descending }: Sorting) => setParams({ sort: `${descending ? '-' : ''}${by}`, page: '' }),
    [],
  );
  const clear = (): void => {
    setSearch('');
    setParams({ search: '', health: '', type: '', status: '', tag: '', page: '' });
  };
  return (
    <Page
      title="Sources"
      description="Everything that is read into tables, when, and how it went."
      actions={<HeaderActions refresh={refresh} />}
    >
      <AttentionBanner sources={sources} />
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <Panel flush>
        <SourcesToolbar
          sources={sources}
          search={search}
          onSearch={setSearch}
          filters={{ health, connector, status, tag }}
          page={page}
          pageSize={pageSize}
          found={found.length}
          progress={isComplete ? null : { read: sources.length, total }}
          onClear={filtered ? clear : undefined}
        />
        <SourcesTable
          sources={shown}
          sorting={sorting}
          onSort={onSort}
          onDelete={setDeleting}
          skeletonRows={isComplete || error !== undefined || sources.length > 0 ? 0 : 8}
          empty={
            // What could not be read is not known to be empty.
            !isComplete ? null : filtered ? <NothingFound onClear={clear} /> : <FirstSource />
          }
        />
      </Panel>
      {deleting !== undefined && (
        <DeleteSource source={deleting} onClose={() => setDeleting(undefined)} />
      )}
    </Page>
  );
}

function HeaderActions({ refresh }: { readonly refresh: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const mayCreate = useMayCreate();
  return (
    <>
      <Button
        icon="refresh"
        busy={busy}
        aria-label="Reload the list"
        onClick={() => {
          setBusy(true);
          void refresh().finally(() => setBusy(false));
        }}
      />
      {mayCreate && (
        <LinkButton to="/sources/new" kind="primary" icon="add">
          Add source
        </LinkButton>
      )}
    </>
  );
}

const NothingFound = ({ onClear }: { readonly onClear: () => void }) => (
  <Empty title="No source matches" action={<Button onClick={onClear}>Show all sources</Button>}>
    Try fewer words or other filters.
  </Empty>
);

function FirstSource() {
  const mayCreate = useMayCreate();
  if (!mayCreate)
    return <Empty title="No sources yet">Somebody who may edit can add the first.</Empty>;
  return (
    <Empty
      title="Add your first source"
      action={
        <div className="buttons">
          <LinkButton to="/sources/new" kind="primary" icon="add">
            Add source
          </LinkButton>
          <LinkButton to="/sources/new?connector=csv_upload" icon="up">
            Upload a CSV file
          </LinkButton>
        </div>
      }
    >
      Connect a database or an application, or drop files. Their rows land in Iceberg tables in your
      own S3.
    </Empty>
  );
}
