import { useMemo, useState } from 'react';
import { setParams, useParam } from '../../app/router.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Link } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { Empty, LoadError, Loading } from '../../ui/States.tsx';

const labelTitles: Readonly<Record<string, string>> = {
  database: 'Databases',
  files: 'Files',
  saas: 'Applications',
  stream: 'Streams',
  warehouse: 'Warehouses',
};

/** All kinds of source there are. */
export function useConnectors() {
  return useQuery('connectors', (client, signal) =>
    readAll((page) => client.listConnectors({ query: page, signal })),
  );
}

/** Choosing the kind of a new source. */
export function Catalogue() {
  const { data, error, refresh } = useConnectors();
  const [label] = useParam('label');
  const [search, setSearch] = useState('');
  const labels = useMemo(() => [...new Set(data?.flatMap((each) => each.labels))].sort(), [data]);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (data ?? []).filter(
    ({ labels: own, name, title, description }) =>
      (label === '' || own.includes(label)) &&
      words.every((word) => `${name} ${title} ${description}`.toLowerCase().includes(word)),
  );
  return (
    <Page
      title="Add a source"
      parent={{ to: '/sources', title: 'Sources' }}
      description="What should be read?"
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <Panel>
        <div className="stack">
          <div className="buttons">
            <div className="search">
              <Icon name="search" />
              <input
                className="input"
                type="search"
                aria-label="Search kinds of source"
                placeholder="Search, e.g. postgres"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            </div>
            <fieldset className="chips" aria-label="Kind">
              {['', ...labels].map((each) => (
                <button
                  key={each}
                  type="button"
                  className="chip"
                  aria-pressed={label === each}
                  onClick={() => setParams({ label: each })}
                >
                  {each === '' ? 'All' : (labelTitles[each] ?? each)}
                </button>
              ))}
            </fieldset>
          </div>
          {data === undefined && error === undefined && <Loading />}
          {data !== undefined && found.length === 0 && (
            <Empty title="Nothing like this">Try other words.</Empty>
          )}
          <ul className="cards">
            {found.map(({ name, title, description, labels: own }) => (
              <li key={name}>
                <Link to={`/sources/new?connector=${encodeURIComponent(name)}`} className="card">
                  <strong>{title}</strong>
                  <span className="soft">{description}</span>
                  <span className="badges">
                    {own.map((each) => (
                      <span key={each} className="tag">
                        {labelTitles[each] ?? each}
                      </span>
                    ))}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      </Panel>
    </Page>
  );
}
