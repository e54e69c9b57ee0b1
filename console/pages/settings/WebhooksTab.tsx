import { useState } from 'react';
import type { CreatedWebhook, CreateWebhook, Webhook } from '../../../client/generated.ts';
import { useClient } from '../../app/session.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Menu } from '../../ui/Menu.tsx';
import { Empty } from '../../ui/States.tsx';
import { TextField } from '../../ui/TextField.tsx';
import { Ago } from '../../ui/Time.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { ShownOnce } from './ShownOnce.tsx';

const columns: readonly Column<Webhook>[] = [
  {
    id: 'name',
    title: 'Name',
    cell: ({ name, address }) => (
      <>
        {name}
        <span className="sub mono">{address}</span>
      </>
    ),
  },
  {
    id: 'topic',
    title: 'Is told',
    cell: ({ topic, types }) =>
      topic === 'alerts' ? 'Alerts' : (types?.join(', ') ?? 'All events'),
  },
  { id: 'format', title: 'As', cell: ({ format }) => (format === 'slack' ? 'Slack' : 'JSON') },
  {
    id: 'active',
    title: 'Status',
    cell: ({ isActive }) =>
      isActive ? <Badge color="green" text="Active" /> : <Badge color="grey" text="Off" />,
  },
  {
    id: 'last',
    title: 'Last delivery',
    className: 'nowrap',
    cell: ({ lastAttempt }) => (
      <>
        <Ago at={lastAttempt?.at ?? null} />
        {lastAttempt !== null && (
          <span className={lastAttempt.ok ? 'sub' : 'sub field-error'}>
            {lastAttempt.ok
              ? `Taken with ${lastAttempt.status ?? 'success'}`
              : (lastAttempt.detail ?? `Refused with ${lastAttempt.status ?? 'no answer'}`)}
          </span>
        )}
      </>
    ),
  },
];

/** Addresses outside that are told of events and alerts. */
export function WebhooksTab() {
  const client = useClient();
  const [isMaking, setIsMaking] = useState(false);
  const [made, setMade] = useState<CreatedWebhook>();
  const [deleting, setDeleting] = useState<Webhook>();
  const query = useQuery(
    'webhooks',
    (api, signal) => readAll((page) => api.listWebhooks({ query: page, signal })),
    'calm',
  );
  const actions: Column<Webhook> = {
    id: 'actions',
    title: 'Actions',
    hiddenTitle: true,
    cell: (webhook) => (
      <div className="row-actions">
        <Menu
          label={`More for ${webhook.name}`}
          items={[
            {
              label: 'Send a test',
              onSelect: () =>
                void attempt(async () => {
                  await client.testWebhook({ webhookId: webhook.id });
                  toast('info', `${webhook.name}: a test was sent.`);
                  await query.refresh();
                }),
            },
            {
              label: webhook.isActive ? 'Turn off' : 'Turn on',
              onSelect: () =>
                void attempt(async () => {
                  await client.changeWebhook({
                    webhookId: webhook.id,
                    body: { isActive: !webhook.isActive },
                  });
                  await query.refresh();
                }),
            },
            { label: 'Delete…', danger: true, onSelect: () => setDeleting(webhook) },
          ]}
        />
      </div>
    ),
  };
  return (
    <>
      {made !== undefined && (
        <ShownOnce
          title={`The webhook ${made.name} is made`}
          explanation="Deliveries are signed with this secret. It is shown only now."
          label="Signing secret"
          secret={made.signingSecret}
          onDone={() => setMade(undefined)}
        />
      )}
      <ListPanel
        title="Webhooks"
        description="Told of events as they happen, or of alerts once per incident."
        actions={
          <Button kind="primary" icon="add" onClick={() => setIsMaking(true)}>
            Add a webhook
          </Button>
        }
        query={query}
        columns={[...columns, actions]}
        rows={query.data ?? []}
        rowKey={({ id }) => id}
        empty={
          <Empty title="No webhooks">
            A chat, or a program of yours, can be told what happens.
          </Empty>
        }
      />
      {isMaking && (
        <MakeWebhook
          onClose={() => setIsMaking(false)}
          onMade={(webhook) => {
            setMade(webhook);
            void query.refresh();
          }}
        />
      )}
      {deleting !== undefined && (
        <Dialog
          title={`Delete ${deleting.name}?`}
          action="Delete"
          actionKind="danger"
          onClose={() => setDeleting(undefined)}
          onAction={async () => {
            await client.deleteWebhook({ webhookId: deleting.id });
            toast('success', `${deleting.name} is deleted.`);
            await query.refresh();
          }}
        >
          <p>It is told nothing any more.</p>
        </Dialog>
      )}
    </>
  );
}

type Topic = NonNullable<CreateWebhook['topic']>;
type Format = NonNullable<CreateWebhook['format']>;

interface MakeWebhookProps {
  readonly onClose: () => void;
  readonly onMade: (webhook: CreatedWebhook) => void;
}

function MakeWebhook({ onClose, onMade }: MakeWebhookProps) {
  const client = useClient();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [topic, setTopic] = useState<Topic>('alerts');
  const [format, setFormat] = useState<Format>('json');
  return (
    <Dialog
      title="Add a webhook"
      action="Add"
      actionDisabled={name.trim() === '' || url.trim() === ''}
      onClose={onClose}
      onAction={async () =>
        onMade(await client.createWebhook({ body: { name: name.trim(), url, topic, format } }))
      }
    >
      <TextField label="Name" required maxLength={100} value={name} onChange={setName} />
      <TextField
        label="Address"
        required
        hint="https, and public. Shown never again."
        type="url"
        value={url}
        onChange={setUrl}
      />
      <Field label="Is told" required>
        {(ids) => (
          <Select
            {...ids}
            value={topic}
            options={[
              { value: 'alerts', label: 'Alerts, once per incident' },
              { value: 'events', label: 'Events, each as it happens' },
            ]}
            onChange={setTopic}
          />
        )}
      </Field>
      <Field label="Format" required>
        {(ids) => (
          <Select
            {...ids}
            value={format}
            options={[
              { value: 'json', label: 'JSON' },
              { value: 'slack', label: 'Slack and what takes the same' },
            ]}
            onChange={setFormat}
          />
        )}
      </Field>
    </Dialog>
  );
}
