import type { SecretEntry } from '../../../client/generated.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import type { Column } from '../../ui/DataTable.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Empty } from '../../ui/States.tsx';
import { UsedBy } from './UsedBy.tsx';

const columns: readonly Column<SecretEntry>[] = [
  {
    id: 'name',
    title: 'Secret',
    cell: ({ name, jsonKey }) => (
      <span className="mono">
        {name}
        {jsonKey !== null && ` → ${jsonKey}`}
      </span>
    ),
  },
  { id: 'kind', title: 'Kind', cell: ({ shared }) => (shared ? 'Shared' : 'Of one source') },
  { id: 'uses', title: 'Used by', cell: ({ usedBy }) => <UsedBy sources={usedBy} /> },
];

/** Names of secrets and who uses them. Values are shown nowhere. */
export function SecretsTab() {
  const query = useQuery('secrets', (client, signal) =>
    readAll((page) => client.listSecrets({ query: page, signal })),
  );
  return (
    <ListPanel
      title="Secrets"
      description="Their names and uses. Values come out nowhere."
      query={query}
      columns={columns}
      rows={query.data ?? []}
      rowKey={({ name, jsonKey }) => `${name} ${jsonKey ?? ''}`}
      empty={<Empty title="No secrets">No source has credentials.</Empty>}
    />
  );
}
