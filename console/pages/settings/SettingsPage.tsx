import { setParams, useParam } from '../../app/router.ts';
import { useMay, useSession } from '../../app/session.ts';
import { wordsOf } from '../../text/format.ts';
import { Facts, Page, Panel } from '../../ui/Page.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { AppsTab } from './AppsTab.tsx';
import { AuditTab } from './AuditTab.tsx';
import { SecretsTab } from './SecretsTab.tsx';
import { TokensTab } from './TokensTab.tsx';
import { WebhooksTab } from './WebhooksTab.tsx';

/** Who may do what, and what signs in where. */
export default function SettingsPage() {
  const isAdmin = useMay('admin');
  const [tab] = useParam('tab');
  const tabs = [
    { id: 'you', title: 'You' },
    ...(isAdmin ? [{ id: 'tokens', title: 'API tokens' }] : []),
    { id: 'secrets', title: 'Secrets' },
    { id: 'apps', title: 'OAuth apps' },
    ...(isAdmin
      ? [
          { id: 'webhooks', title: 'Webhooks' },
          { id: 'audit', title: 'Audit log' },
        ]
      : []),
  ];
  const current = tabs.some(({ id }) => id === tab) ? tab : 'you';
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        tabs={tabs}
        current={current}
        onSelect={(id) => setParams({ tab: id === 'you' ? '' : id })}
      >
        {current === 'you' && <You />}
        {current === 'tokens' && <TokensTab />}
        {current === 'secrets' && <SecretsTab />}
        {current === 'apps' && <AppsTab />}
        {current === 'webhooks' && <WebhooksTab />}
        {current === 'audit' && <AuditTab />}
      </Tabs>
    </Page>
  );
}

const roleMeans = {
  viewer: 'Sees everything, changes nothing.',
  editor: 'Adds, changes and runs sources.',
  admin: 'Does everything, tokens and the audit log included.',
} as const;

function You() {
  const { me } = useSession();
  return (
    <Panel title="Signed in">
      <Facts
        items={[
          { name: 'Tenant', value: me.tenant },
          { name: 'Role', value: `${wordsOf(me.role)}. ${roleMeans[me.role]}` },
          { name: 'Token', value: <code>{me.tokenId}</code> },
          { name: 'Sources', value: me.sources === null ? 'All' : `${me.sources.length} of them` },
        ]}
      />
    </Panel>
  );
}
