import { useQuery } from '../../data/useQuery.ts';
import { LoadError, Loading } from '../../ui/States.tsx';
import { ConnectionPart } from './settings/ConnectionPart.tsx';
import { GeneralPart } from './settings/GeneralPart.tsx';
import { SchedulePart } from './settings/SchedulePart.tsx';
import { SyncPart } from './settings/SyncPart.tsx';
import type { PartProps } from './settings/useSave.ts';

/** Everything about a source that can be changed, in parts that are saved by themselves. */
export function SettingsTab(props: PartProps) {
  const { source } = props;
  const { data, error, refresh } = useQuery(
    source.connector === '' ? null : `connector ${source.connector}`,
    (client, signal) => client.getConnector({ name: source.connector, signal }),
  );
  return (
    <>
      <GeneralPart {...props} />
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data === undefined && error === undefined && source.connector !== '' && <Loading />}
      {data !== undefined && <ConnectionPart {...props} connector={data} />}
      {data !== undefined && <SyncPart {...props} connector={data} />}
      <SchedulePart {...props} />
    </>
  );
}
