import { useState } from 'react';
import { wordsOf } from '../../../text/format.ts';
import { Field, Select } from '../../../ui/Field.tsx';
import { Panel } from '../../../ui/Page.tsx';
import { TextField } from '../../../ui/TextField.tsx';
import { takesUploads } from '../../add/connectionDraft.ts';
import { modeHints, StreamsPart } from '../../add/StreamsPart.tsx';
import type { ConnectorPartProps } from './ConnectionPart.tsx';
import { SaveRow } from './SaveRow.tsx';
import { useSave } from './useSave.ts';

const contracts = [
  { value: 'evolve', label: 'Evolve: new columns appear' },
  { value: 'freeze', label: 'Freeze: the run fails' },
  { value: 'discard_row', label: 'Discard row: it is rejected' },
  { value: 'discard_value', label: 'Discard value: the row stays' },
] as const;

/** What is read, how, and what becomes of what does not fit. */
export function SyncPart(props: ConnectorPartProps) {
  const { source, connector } = props;
  const { client, busy, error, errors, save } = useSave(props);
  const [syncMode, setSyncMode] = useState(source.syncMode);
  const [contract, setContract] = useState(source.contract);
  const [primaryKey, setPrimaryKey] = useState(source.primaryKey.join(', '));
  const [streams, setStreams] = useState(source.streams);
  return (
    <Panel title="What is read">
      <div className="stack">
        <Field label="Sync mode" required hint={modeHints[syncMode]} error={errors['/syncMode']}>
          {(ids) => (
            <Select
              {...ids}
              value={syncMode}
              options={connector.syncModes.map((mode) => ({ value: mode, label: wordsOf(mode) }))}
              onChange={setSyncMode}
            />
          )}
        </Field>
        <TextField
          label="Key"
          hint="Columns that tell rows apart, with commas between. Rows with a key of before take its place."
          error={errors['/primaryKey']}
          mono
          value={primaryKey}
          onChange={setPrimaryKey}
        />
        <Field label="When columns or values do not fit" required error={errors['/contract']}>
          {(ids) => <Select {...ids} value={contract} options={contracts} onChange={setContract} />}
        </Field>
        {!takesUploads(connector) && (
          <StreamsPart
            load={async () => (await client.getSourceSchema({ idOrKey: source.id })).streams}
            value={streams}
            onChange={setStreams}
          />
        )}
        <SaveRow
          busy={busy}
          error={error}
          onSave={() =>
            void save({
              syncMode,
              contract,
              streams,
              primaryKey: primaryKey
                .split(',')
                .flatMap((name) => (name.trim() === '' ? [] : [name.trim()])),
            })
          }
        />
      </div>
    </Panel>
  );
}
