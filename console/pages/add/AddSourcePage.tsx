import { useParam } from '../../app/router.ts';
import { useMayCreate } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Page } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { Catalogue } from './Catalogue.tsx';
import { NewSourceForm } from './NewSourceForm.tsx';

/** Adding a source: its kind first, then what that kind asks for. */
export default function AddSourcePage() {
  const [connector] = useParam('connector');
  const mayCreate = useMayCreate();
  if (!mayCreate)
    return (
      <Page title="Add a source" parent={{ to: '/sources', title: 'Sources' }}>
        <Alert kind="info">Your token may not add sources.</Alert>
      </Page>
    );
  return connector === '' ? <Catalogue /> : <Chosen key={connector} name={connector} />;
}

function Chosen({ name }: { readonly name: string }) {
  const { data, error, refresh } = useQuery(`connector ${name}`, (client, signal) =>
    client.getConnector({ name, signal }),
  );
  if (data !== undefined) return <NewSourceForm connector={data} />;
  return (
    <Page title="Add a source" parent={{ to: '/sources/new', title: 'Add a source' }}>
      {error === undefined ? (
        <Loading />
      ) : (
        <LoadError error={error} onRetry={() => void refresh()} />
      )}
    </Page>
  );
}
