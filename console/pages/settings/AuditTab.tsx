import { useState } from 'react';
import type { AuditEntry } from '../../../client/generated.ts';
import { setParams, useParam } from '../../app/router.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Button } from '../../ui/Button.tsx';
import { type Column, DataTable } from '../../ui/DataTable.tsx';
import { Select } from '../../ui/Field.tsx';
import { Panel } from '../../ui/Page.tsx';
import { LoadError } from '../../ui/States.tsx';
import { At } from '../../ui/Time.tsx';

type Action = AuditEntry['action'];

const actions: readonly Action[] = [
  'source.created',
  'source.changed',
  'source.deleted',
  'credentials.replaced',
  'source.tested',
  'attention.acknowledged',
  'run.requested',
  'run.cancelled',
  'run.undone',
  'rejects.replayed',
  'cursor.set',
  'data.cleared',
  'upload.created',
  'upload.completed',
  'file.deleted',
  'file.reloaded',
  'file.restored',
  'token.created',
  'token.revoked',
];

const columns: readonly Column<AuditEntry>[] = [
  { id: 'at', title: 'When', className: 'nowrap', cell: ({ at }) => <At at={at} /> },
  { id: 'by', title: 'Who', cell: ({ by }) => <span className="mono">{by}</span> },
  { id: 'action', title: 'What', className: 'nowrap', cell: ({ action }) => action },
  { id: 'subject', title: 'Of', cell: ({ subject }) => <span className="mono">{subject}</span> },
  {
    id: 'change',
    title: 'Change',
    cell: ({ before, after }) =>
      before === null && after === null ? (
        <span className="faint">–</span>
      ) : (
        <details className="more">
          <summary>Before and after</summary>
          <pre className="change">
            {[
              ...(before === null ? [] : [`before ${JSON.stringify(before, null, 2)}`]),
              ...(after === null ? [] : [`after ${JSON.stringify(after, null, 2)}`]),
            ].join('\n')}
          </pre>
        </details>
      ),
  },
];

const pageSize = 50;

/** Who changed what, newest first. */
export function AuditTab() {
  const [action] = useParam('action');
  const [limit, setLimit] = useState(pageSize);
  const { data, error, refresh } = useQuery(
    `audit ${action} ${limit}`,
    async (client, signal) => {
      const found: AuditEntry[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listAudit({
          query: {
            limit: pageSize,
            ...(action === '' ? {} : { action: action as Action }),
            ...(cursor === undefined ? {} : { cursor }),
          },
          signal,
        });
        found.push(...page.data);
        cursor = page.pagination.nextCursor ?? undefined;
      } while (cursor !== undefined && found.length < limit);
      return { entries: found, hasMore: cursor !== undefined };
    },
    'calm',
  );
  return (
    <Panel
      flush
      title="Audit log"
      description="Every change: who, when, what, before and after. Secrets are left out."
      actions={
        <Select
          label="Action"
          value={action}
          options={[
            { value: '', label: 'All actions' },
            ...actions.map((value) => ({ value: value as string, label: value })),
          ]}
          onChange={(value) => setParams({ action: value })}
        />
      }
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      <DataTable
        dense
        caption="Audit log"
        columns={columns}
        rows={data?.entries ?? []}
        rowKey={({ id }) => id}
        skeletonRows={data === undefined && error === undefined ? 8 : 0}
        empty="Nothing was changed yet."
      />
      {data?.hasMore === true && (
        <div className="more-row">
          <Button kind="quiet" onClick={() => setLimit(limit * 2)}>
            Show older changes
          </Button>
        </div>
      )}
    </Panel>
  );
}
