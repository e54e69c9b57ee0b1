import { useState } from 'react';
import type { Source } from '../../../client/generated.ts';
import { navigate, setParams, useParam } from '../../app/router.ts';
import { useMay } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Page } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { useConnectors } from '../add/Catalogue.tsx';
import { FilesTab } from '../files/FilesTab.tsx';
import { DeleteSource } from '../sources/DeleteSource.tsx';
import { isBusy } from '../sources/health.ts';
import { StateBadge } from '../sources/StateBadge.tsx';
import { HistoryTab } from './HistoryTab.tsx';
import { OverviewTab } from './OverviewTab.tsx';
import { RejectsTab } from './RejectsTab.tsx';
import { SettingsTab } from './SettingsTab.tsx';
import { type Question, SourceActions, SourceQuestion } from './SourceActions.tsx';
import { StreamsTab } from './StreamsTab.tsx';

const parent = { to: '/sources', title: 'Sources' };

/** The key of a source’s answer in the cache of queries. */
export const sourceKey = (id: string): string => `source ${id}`;

/** One source: how it is, what it has, what it did, and everything that can be done with it. */
export default function SourcePage({
  params,
}: {
  readonly params: Readonly<Record<string, string>>;
}) {
  const id = params['id'] ?? '';
  const { data, error, refresh } = useQuery(
    sourceKey(id),
    (client, signal) => client.getSource({ idOrKey: id, signal }),
    (source) => (source !== undefined && isBusy(source) ? 'busy' : 'calm'),
    id,
  );
  if (data !== undefined) return <Detail source={data} refresh={refresh} />;
  return (
    <Page title="Source" parent={parent}>
      {error === undefined ? (
        <Loading lines={8} />
      ) : (
        <LoadError error={error} onRetry={() => void refresh()} />
      )}
    </Page>
  );
}

interface DetailProps {
  readonly source: Source;
  readonly refresh: () => Promise<void>;
}

function Detail({ source, refresh }: DetailProps) {
  const [tab] = useParam('tab');
  const [question, setQuestion] = useState<Question>();
  const mayEdit = useMay('editor');
  const connectors = useConnectors().data;
  const connector = connectors?.find(({ name }) => name === source.connector);
  // A link to the files holds their place until it is known whether there can be any.
  const hasFiles =
    connectors === undefined ? tab === 'files' : (connector?.fileTypes.length ?? 0) > 0;
  const tabs = [
    { id: 'overview', title: 'Overview' },
    ...(hasFiles ? [{ id: 'files', title: 'Files' }] : []),
    { id: 'history', title: 'History' },
    { id: 'streams', title: 'Streams and schema' },
    { id: 'rejects', title: 'Rejects' },
    ...(mayEdit ? [{ id: 'settings', title: 'Settings' }] : []),
  ];
  const current = tabs.some(({ id }) => id === tab) ? tab : 'overview';
  return (
    <Page
      title={source.name}
      parent={parent}
      aside={<StateBadge source={source} />}
      description={
        <>
          <span className="mono">{source.key}</span> · {connector?.title ?? source.connector}
          {source.description !== '' && ` · ${source.description}`}
        </>
      }
      actions={
        mayEdit ? (
          <SourceActions
            source={source}
            connector={connector}
            onQuestion={setQuestion}
            onChange={refresh}
          />
        ) : undefined
      }
    >
      <Tabs
        label="Parts of the source"
        tabs={tabs}
        current={current}
        onSelect={(id) => setParams({ tab: id === 'overview' ? '' : id })}
      >
        {current === 'overview' && <OverviewTab source={source} refresh={refresh} />}
        {current === 'files' &&
          (connector === undefined ? (
            <Loading lines={8} />
          ) : (
            <FilesTab source={source} connector={connector} refresh={refresh} />
          ))}
        {current === 'history' && <HistoryTab source={source} />}
        {current === 'streams' && <StreamsTab source={source} />}
        {current === 'rejects' && <RejectsTab source={source} />}
        {current === 'settings' && <SettingsTab source={source} onSaved={refresh} />}
      </Tabs>
      {question === 'delete' ? (
        <DeleteSource
          source={source}
          onClose={() => setQuestion(undefined)}
          onDeleted={() => navigate('/sources', { replace: true })}
        />
      ) : question === undefined ? null : (
        <SourceQuestion
          source={source}
          question={question}
          onClose={() => setQuestion(undefined)}
          onChange={refresh}
        />
      )}
    </Page>
  );
}
