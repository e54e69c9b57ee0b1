import { useState } from 'react';
import type { SourceSummary } from '../../../client/generated.ts';
import { useClient } from '../../app/session.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { countOf } from '../../text/format.ts';
import { TypedConfirm } from '../../ui/Dialog.tsx';
import { Checkbox } from '../../ui/Field.tsx';
import { toast } from '../../ui/Toasts.tsx';

interface DeleteSourceProps {
  readonly source: Pick<SourceSummary, 'id' | 'key' | 'name' | 'recordCount'>;
  readonly onClose: () => void;
  readonly onDeleted?: () => void;
}

/** Deletes a source after its key was typed; its tables only when that is ticked too. */
export function DeleteSource({ source, onClose, onDeleted }: DeleteSourceProps) {
  const client = useClient();
  const [data, setData] = useState(false);
  return (
    <TypedConfirm
      title={`Delete ${source.name}?`}
      action={data ? 'Delete source and data' : 'Delete source'}
      word={source.key}
      onClose={onClose}
      onAction={async () => {
        await client.deleteSource({ idOrKey: source.id, query: { data } });
        sourcesStoreOf(client).remove(source.id);
        toast('success', `${source.name} is deleted.`);
        onDeleted?.();
      }}
    >
      <p>
        Its configuration, credentials and schedule go. {data ? 'So do' : 'Left in S3 are'} its
        tables with {countOf(source.recordCount, 'row')}.
      </p>
      <Checkbox checked={data} onChange={setData}>
        Delete its tables, files and history too, for good
      </Checkbox>
    </TypedConfirm>
  );
}
