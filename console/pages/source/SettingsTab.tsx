import { useMemo, useState } from 'react';
import type { ChangeSource, Connector, Json, Source } from '../../../client/generated.ts';
import { useClient } from '../../app/session.ts';
import { putQuery } from '../../data/query.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { useQuery } from '../../data/useQuery.ts';
import { describeError, fieldErrorsOf } from '../../text/describeError.ts';
import { wordsOf } from '../../text/format.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { Panel } from '../../ui/Page.tsx';
import { LoadError, Loading } from '../../ui/States.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { beginConnect } from '../add/beginConnect.ts';
import { CredentialsForm } from '../add/ConnectionForm.tsx';
import { connectionFields, credentialsOf, takesUploads } from '../add/connectionDraft.ts';
import { modeHints, StreamsPart } from '../add/NewSourceForm.tsx';
import { ScheduleBuilder } from '../add/ScheduleBuilder.tsx';
import { SchemaForm } from '../add/SchemaForm.tsx';
import { TestConnection } from '../add/TestConnection.tsx';

type Values = Readonly<Record<string, Json>>;

/** Everything about a source that can be changed, in parts that are saved by themselves. */
export function SettingsTab({ source }: { readonly source: Source }) {
  const { data, error, refresh } = useQuery(
    source.connector === '' ? null : `connector ${source.connector}`,
    (client, signal) => client.getConnector({ name: source.connector, signal }),
  );
  return (
    <>
      <GeneralPart source={source} />
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data === undefined && error === undefined && source.connector !== '' && <Loading />}
      {data !== undefined && <ConnectionPart source={source} connector={data} />}
      {data !== undefined && <SyncPart source={source} connector={data} />}
      <SchedulePart source={source} />
    </>
  );
}

/** Saves fields, tells so, and keeps what went wrong for the part that shows it. */
function useSave(source: Source) {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (change: () => Promise<Source>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const next = await change();
      putQuery(`source ${source.id}`, next);
      sourcesStoreOf(client).put(next);
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

interface SaveRowProps {
  readonly busy: boolean;
  readonly error: unknown;
  readonly onSave: () => void;
  readonly label?: string;
}

const SaveRow = ({ busy, error, onSave, label = 'Save' }: SaveRowProps) => (
  <>
    {error !== undefined && <Alert kind="error">{describeError(error)}</Alert>}
    <div>
      <Button kind="primary" busy={busy} onClick={onSave}>
        {label}
      </Button>
    </div>
  </>
);

interface PartProps {
  readonly source: Source;
}

function GeneralPart({ source }: PartProps) {
  const { busy, error, errors, save } = useSave(source);
  const [name, setName] = useState(source.name);
  const [description, setDescription] = useState(source.description);
  const [tags, setTags] = useState(source.tags.join(', '));
  const target = source.freshness.targetSeconds;
  const [hours, setHours] = useState(target === null ? '' : String(target / 3600));
  return (
    <Panel title="General">
      <div className="stack">
        <Field label="Name" required error={errors['/name']}>
          {(ids) => (
            <input
              {...ids}
              className="input"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Description" error={errors['/description']}>
          {(ids) => (
            <input
              {...ids}
              className="input"
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          )}
        </Field>
        <Field label="Tags" hint="With commas between." error={errors['/tags']}>
          {(ids) => (
            <input
              {...ids}
              className="input"
              value={tags}
              onChange={(event) => setTags(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Freshness target in hours"
          hint="When its data is older than this, it counts as stale."
          error={errors['/freshnessTargetSeconds']}
        >
          {(ids) => (
            <input
              {...ids}
              className="input"
              type="number"
              min={0}
              step="any"
              value={hours}
              onChange={(event) => setHours(event.target.value)}
            />
          )}
        </Field>
        <SaveRow
          busy={busy}
          error={error}
          onSave={() =>
            void save({
              name: name.trim(),
              description,
              tags: tags.split(',').flatMap((tag) => (tag.trim() === '' ? [] : [tag.trim()])),
              freshnessTargetSeconds: hours === '' ? null : Math.round(Number(hours) * 3600),
            })
          }
        />
      </div>
    </Panel>
  );
}

interface ConnectorPartProps extends PartProps {
  readonly connector: Connector;
}

function ConnectionPart({ source, connector }: ConnectorPartProps) {
  const { client, busy, error, errors, run } = useSave(source);
  const fields = useMemo(() => connectionFields(connector), [connector]);
  const [config, setConfig] = useState<Values>(source.config);
  const [method, setMethod] = useState(fields.methods[0]?.name ?? '');
  const [credentials, setCredentials] = useState<Values>({});
  const hasNew = Object.keys(credentials).length > 0;
  if (fields.config.length === 0 && fields.methods.length === 0) return null;
  return (
    <Panel title={takesUploads(connector) ? 'Files' : 'Connection'}>
      <div className="stack">
        <SchemaForm
          fields={fields.config}
          values={config}
          onChange={setConfig}
          errors={errors}
          at="/config"
        />
        {fields.methods.length > 0 && (
          <details className="more" open={source.credentials === 'none'}>
            <summary>
              {source.credentials === 'none' ? 'Set credentials' : 'Replace the credentials'}
            </summary>
            <CredentialsForm
              fields={fields}
              method={method}
              onMethod={setMethod}
              values={credentials}
              onChange={setCredentials}
              errors={errors}
              onConnect={
                connector.canConnect
                  ? () => void attempt(() => beginConnect(client, source.id, credentials))
                  : undefined
              }
            />
          </details>
        )}
        <SaveRow
          busy={busy}
          error={error}
          onSave={() =>
            void run(async () => {
              const saved =
                JSON.stringify(config) === JSON.stringify(source.config)
                  ? source
                  : await client.replaceConfig({
                      idOrKey: source.id,
                      body: { config, rowVersion: source.rowVersion },
                    });
              if (!hasNew) return saved;
              const sent = credentialsOf(fields, method, credentials) ?? {};
              const next = await client.replaceCredentials({
                idOrKey: source.id,
                body: { credentials: sent, rowVersion: saved.rowVersion },
              });
              setCredentials({});
              return next;
            })
          }
        />
        {!takesUploads(connector) && (
          <TestConnection run={() => client.testSource({ idOrKey: source.id })} />
        )}
      </div>
    </Panel>
  );
}

const contracts = [
  { value: 'evolve', label: 'Evolve: new columns appear' },
  { value: 'freeze', label: 'Freeze: the run fails' },
  { value: 'discard_row', label: 'Discard row: it is rejected' },
  { value: 'discard_value', label: 'Discard value: the row stays' },
] as const;

function SyncPart({ source, connector }: ConnectorPartProps) {
  const { client, busy, error, errors, save } = useSave(source);
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
        <Field
          label="Key"
          hint="Columns that tell rows apart, with commas between. Rows with a key of before take its place."
          error={errors['/primaryKey']}
        >
          {(ids) => (
            <input
              {...ids}
              className="input mono"
              value={primaryKey}
              onChange={(event) => setPrimaryKey(event.target.value)}
            />
          )}
        </Field>
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

function SchedulePart({ source }: PartProps) {
  const { busy, error, save } = useSave(source);
  const [schedule, setSchedule] = useState(source.schedule);
  return (
    <Panel title="Schedule">
      <div className="stack">
        <ScheduleBuilder value={schedule} onChange={setSchedule} />
        <SaveRow
          busy={busy}
          error={error}
          label="Save schedule"
          onSave={() => void save({ schedule })}
        />
      </div>
    </Panel>
  );
}
