import { useState } from 'react';
import type { ChangeSource, Source } from '../../../../client/generated.ts';
import { useClient } from '../../../app/session.ts';
import { sourcesStoreOf } from '../../../data/sourcesStore.ts';
import { fieldErrorsOf } from '../../../text/describeError.ts';
import { toast } from '../../../ui/Toasts.tsx';

/** What every part of the settings gets. */
export interface PartProps {
  readonly source: Source;
  readonly onSaved: () => Promise<void>;
}

/** Saves fields, tells so, and keeps what went wrong for the part that shows it. */
export function useSave({ source, onSaved }: PartProps) {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (change: () => Promise<Source>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const next = await change();
      sourcesStoreOf(client).put(next);
      await onSaved();
      toast('success', `${next.name}: saved.`);
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const save = (body: ChangeSource): Promise<void> =>
    run(() =>
      client.changeSource({
        idOrKey: source.id,
        body: { ...body, rowVersion: source.rowVersion },
      }),
    );
  return { client, busy, error, errors: fieldErrorsOf(error), run, save };
}
