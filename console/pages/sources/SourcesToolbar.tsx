import { memo, useMemo } from 'react';
import type { SourceSummary } from '../../../client/generated.ts';
import { setParams } from '../../app/router.ts';
import { countText, wordsOf } from '../../text/format.ts';
import { Button } from '../../ui/Button.tsx';
import { Select } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Pager } from '../../ui/Pager.tsx';
import { stateBadges } from './health.ts';
import type { Filters as Wanted } from './listView.ts';

interface SourcesToolbarProps {
  readonly sources: readonly SourceSummary[];
  readonly search: string;
  readonly onSearch: (text: string) => void;
  readonly filters: Omit<Wanted, 'search'>;
  readonly page: number;
  readonly pageSize: number;
  readonly found: number;
  /** While not all are read yet. */
  readonly progress: { readonly read: number; readonly total: number } | null;
  readonly onClear: (() => void) | undefined;
}

const pageSizes = ['10', '25', '50', '100'].map((value) => ({ value, label: `${value} per page` }));

/** Search, filters and paging of the list. Filters offer only what some source has. */
export function SourcesToolbar(props: SourcesToolbarProps) {
  const { sources, search, onSearch, filters, page, pageSize, found, progress, onClear } = props;
  return (
    <div className="toolbar" role="search">
      <div className="search">
        <Icon name="search" />
        <input
          className="input"
          type="search"
          aria-label="Search sources"
          placeholder="Search by name, key, type or tag"
          value={search}
          onChange={(event) => onSearch(event.target.value)}
        />
      </div>
      <Filters sources={sources} {...filters} />
      {onClear !== undefined && (
        <Button kind="quiet" onClick={onClear}>
          Clear
        </Button>
      )}
      <span className="faint" role="status">
        {progress !== null && progress.read < progress.total
          ? `Reading ${countText(progress.read)} of ${countText(progress.total)}`
          : ''}
      </span>
      {found > 10 && (
        <Select
          label="Sources per page"
          value={String(pageSize)}
          options={pageSizes}
          onChange={(size) => setParams({ size, page: '' })}
        />
      )}
      <Pager
        page={page}
        pageSize={pageSize}
        total={found}
        onPage={(next) => setParams({ page: next === 0 ? '' : String(next + 1) })}
      />
    </div>
  );
}

interface FiltersProps extends Omit<Wanted, 'search'> {
  readonly sources: readonly SourceSummary[];
}

const distinct = (values: Iterable<string>): readonly string[] =>
  [...new Set(values)].filter((value) => value !== '').sort();

/** Choices of what some source has. Not drawn again while somebody types. */
const Filters = memo(function Filters({ sources, health, connector, status, tag }: FiltersProps) {
  const { healths, connectors, statuses, tags } = useMemo(
    () => ({
      healths: distinct(sources.map((source) => source.health)),
      connectors: distinct(sources.map((source) => source.connector)),
      statuses: distinct(sources.map((source) => source.status)),
      tags: distinct(sources.flatMap((source) => source.tags)),
    }),
    [sources],
  );
  return (
    <>
      <Filter
        label="Status"
        all="Any status"
        value={health}
        param="health"
        options={healths.map((value) => ({
          value,
          label: stateBadges[value as SourceSummary['health']].text,
        }))}
      />
      <Filter
        label="Type"
        all="Any type"
        value={connector}
        param="type"
        options={connectors.map((value) => ({ value, label: value }))}
      />
      {statuses.length > 1 && (
        <Filter
          label="Setting"
          all="Active or not"
          value={status}
          param="status"
          options={statuses.map((value) => ({ value, label: wordsOf(value) }))}
        />
      )}
      {tags.length > 0 && (
        <Filter
          label="Tag"
          all="Any tag"
          value={tag}
          param="tag"
          options={tags.map((value) => ({ value, label: value }))}
        />
      )}
    </>
  );
});

interface FilterProps {
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly param: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

function Filter({ label, all, value, param, options }: FilterProps) {
  const known = options.some((option) => option.value === value);
  return (
    <Select
      label={label}
      value={value}
      options={[
        { value: '', label: all },
        ...options,
        // A linked filter that nothing matches any more has to be seen to be taken away.
        ...(value === '' || known ? [] : [{ value, label: wordsOf(value) }]),
      ]}
      onChange={(next) => setParams({ [param]: next, page: '' })}
    />
  );
}
