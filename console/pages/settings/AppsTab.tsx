import type { OAuthApp } from '../../../client/generated.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import type { Column } from '../../ui/DataTable.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Empty } from '../../ui/States.tsx';
import { UsedBy } from './UsedBy.tsx';

const columns: readonly Column<OAuthApp>[] = [
  { id: 'app', title: 'App', cell: ({ clientId }) => <span className="mono">{clientId}</span> },
  { id: 'vendor', title: 'At', cell: ({ vendor }) => vendor },
  { id: 'uses', title: 'Connects', cell: ({ usedBy }) => <UsedBy sources={usedBy} /> },
];

/** Apps at vendors that sources are connected by. Their secrets are shown nowhere. */
export function AppsTab() {
  const query = useQuery('oauth apps', (client, signal) =>
    readAll((page) => client.listOAuthApps({ query: page, signal })),
  );
  return (
    <ListPanel
      title="OAuth apps"
      description="Apps of yours at vendors, by the client id there, and the sources that they connect."
      query={query}
      columns={columns}
      rows={query.data ?? []}
      rowKey={({ connector, clientId }) => `${connector} ${clientId}`}
      empty={
        <Empty title="No apps">
          Sources that are connected in the browser are connected by an app that you have at their
          vendor.
        </Empty>
      }
    />
  );
}
