import { Fragment } from 'react';
import type { SecretEntry } from '../../../client/generated.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Link } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Panel } from '../../ui/Page.tsx';
import { Empty, LoadError } from '../../ui/States.tsx';
import { sourcePath } from '../sources/SourcesTable.tsx';

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
  {
    id: 'uses',
    title: 'Used by',
    cell: ({ usedBy }) =>
      usedBy.map(({ sourceId, sourceKey }, index) => (
        <Fragment key={sourceId}>
          {index > 0 && ', '}
          <Link to={sourcePath(sourceId, 'settings')}>{sourceKey}</Link>
        </Fragment>
      )),
  },
];

/** Names of secrets and who uses them. Values are shown nowhere. */
export function SecretsTab() {
  const { data, error, refresh } = useQuery('secrets', async (client, signal) => {
    const found: SecretEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listSecrets({
        query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) },
        signal,
      });
      found.push(...page.data);
      cursor = page.pagination.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  });
  return (
    <Panel flush title="Secrets" description="Their names and uses. Values come out nowhere.">
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <DataTable
        caption="Secrets"
        columns={columns}
        rows={data ?? []}
        rowKey={({ name, jsonKey }) => `${name} ${jsonKey ?? ''}`}
        skeletonRows={data === undefined && error === undefined ? 3 : 0}
        empty={<Empty title="No secrets">No source has credentials.</Empty>}
      />
    </Panel>
  );
}
