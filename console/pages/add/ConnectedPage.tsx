import { useEffect, useState } from 'react';
import { navigate } from '../../app/router.ts';
import { useClient } from '../../app/session.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { describeError } from '../../text/describeError.ts';
import { Alert } from '../../ui/Alert.tsx';
import { LinkButton } from '../../ui/Button.tsx';
import { Page } from '../../ui/Page.tsx';
import { Loading } from '../../ui/States.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { takeDraft } from './beginConnect.ts';

/** What the vendor sent along, read once; the code shall not stay in the address. */
const taken = new Map<string, Promise<string>>();

/** Where somebody comes back to who agreed at a vendor: hands the code on, and goes to the source. */
export default function ConnectedPage() {
  const client = useClient();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    const [state, code] = [query.get('state') ?? '', query.get('code') ?? ''];
    const refused = query.get('error');
    if (refused !== null || state === '' || code === '') {
      setError(new Error(`The vendor did not agree${refused === null ? '' : `: ${refused}`}.`));
      return;
    }
    // Once, however often the page is drawn: a code is good once.
    const finished =
      taken.get(state) ??
      client.finishOAuth({ body: { state, code } }).then(async ({ id, name }) => {
        toast('success', `${name} is connected.`);
        if (takeDraft() === id)
          await client.changeSource({ idOrKey: id, body: { status: 'active' } });
        void sourcesStoreOf(client).load();
        return id;
      });
    taken.set(state, finished);
    finished.then((id) => navigate(`/sources/${id}`, { replace: true }), setError);
  }, [client]);
  return (
    <Page title="Connecting" parent={{ to: '/sources', title: 'Sources' }}>
      {error === undefined ? (
        <Loading />
      ) : (
        <Alert
          kind="error"
          title="The source is not connected"
          actions={<LinkButton to="/sources">To the sources</LinkButton>}
        >
          {describeError(error)}
        </Alert>
      )}
    </Page>
  );
}
