import { useState } from 'react';
import type { AuditEntry } from '../../../client/generated.ts';
import { setParams, useParam } from '../../app/router.ts';
import { readPages } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import type { Column } from '../../ui/DataTable.tsx';
import { Select } from '../../ui/Field.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { At } from '../../ui/Time.tsx';

type Action = AuditEntry['action'];

/** All there are: an action that is missing here does not compile. */
const actions: Readonly<Record<Action, true>> = {
  'source.created': true,
  'source.changed': true,
  'source.deleted': true,
  'source.tested': true,
  'credentials.replaced': true,
  'oauth.connected': true,
  'attention.acknowledged': true,
  'run.requested': true,
  'run.cancelled': true,
  'run.undone': true,
  'rejects.replayed': true,
  'cursor.set': true,
  'data.cleared': true,
  'upload.created': true,
  'upload.completed': true,
  'upload.aborted': true,
  'file.deleted': true,
  'file.reloaded': true,
  'file.restored': true,
  'token.created': true,
  'token.revoked': true,
  'webhook.created': true,
  'webhook.changed': true,
  'webhook.deleted': true,
};

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
  const query = useQuery(
    `audit ${action} ${limit}`,
    (client, signal) =>
      readPages(
        (page) =>
          client.listAudit({
            query: { ...page, ...(action === '' ? {} : { action: action as Action }) },
            signal,
          }),
        limit,
      ),
    'calm',
  );
  return (
    <ListPanel
      dense
      title="Audit log"
      description="Every change: who, when, what, before and after. Secrets are left out."
      actions={
        <Select
          label="Action"
          value={action}
          options={[
            { value: '', label: 'All actions' },
            ...Object.keys(actions).map((value) => ({ value, label: value })),
          ]}
          onChange={(value) => setParams({ action: value })}
        />
      }
      query={query}
      columns={columns}
      rows={query.data?.rows ?? []}
      rowKey={({ id }) => id}
      skeletonRows={8}
      empty="Nothing was changed yet."
      more={
        query.data?.hasMore === true
          ? { text: 'Show older changes', onMore: () => setLimit(limit * 2) }
          : undefined
      }
    />
  );
}
