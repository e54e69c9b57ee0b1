import { useMemo, useState } from 'react';
import type { Connector, CreateSource, Json } from '../../../client/generated.ts';
import { navigate } from '../../app/router.ts';
import { useClient } from '../../app/session.ts';
import { sourcesStoreOf } from '../../data/sourcesStore.ts';
import { describeError, fieldErrorsOf } from '../../text/describeError.ts';
import { keyOf, wordsOf } from '../../text/format.ts';
import { Alert } from '../../ui/Alert.tsx';
import { Button, LinkButton } from '../../ui/Button.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { Page, Panel } from '../../ui/Page.tsx';
import { TextField } from '../../ui/TextField.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { startRun } from '../sources/sourceActions.ts';
import { beginConnect, keepDraft } from './beginConnect.ts';
import { CredentialsForm } from './ConnectionForm.tsx';
import { connectionFields, credentialsOf, takesUploads } from './connectionDraft.ts';
import { ScheduleBuilder } from './ScheduleBuilder.tsx';
import { SchemaForm } from './SchemaForm.tsx';
import type { StreamChoices } from './StreamsEditor.tsx';
import { modeHints, StreamsPart } from './StreamsPart.tsx';
import type { Schedule } from './scheduleParts.ts';
import { TestConnection } from './TestConnection.tsx';

type Values = Readonly<Record<string, Json>>;

/** Everything that a new source of one kind is asked; nothing is stored before the end. */
export function NewSourceForm({ connector }: { readonly connector: Connector }) {
  const client = useClient();
  const fields = useMemo(() => connectionFields(connector), [connector]);
  const isLanding = takesUploads(connector);
  const [name, setName] = useState('');
  const [key, setKey] = useState<string>();
  const [description, setDescription] = useState('');
  const [tags, setTags] = useState('');
  const [config, setConfig] = useState<Values>({});
  const [method, setMethod] = useState(fields.methods[0]?.name ?? '');
  const [credentials, setCredentials] = useState<Values>({});
  const [syncMode, setSyncMode] = useState<string>(connector.syncModes[0] ?? 'full_refresh');
  const [streams, setStreams] = useState<StreamChoices | null>(null);
  const [schedule, setSchedule] = useState<Schedule | null>(null);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState<'create' | 'sync'>();
  /** Made when somebody first tried to connect; a second try goes on with it. */
  const [draft, setDraft] = useState<string>();
  const errors = fieldErrorsOf(error);

  const sent = credentialsOf(fields, method, credentials);
  const connection = { config, ...(sent === undefined ? {} : { credentials: sent }) };
  const body: CreateSource = {
    config,
    key: key ?? keyOf(name),
    name: name.trim(),
    description,
    tags: tags.split(',').flatMap((tag) => (tag.trim() === '' ? [] : [tag.trim()])),
    connector: connector.name,
    syncMode: syncMode as NonNullable<CreateSource['syncMode']>,
    streams,
    schedule,
  };
  const create = async (sync: boolean): Promise<void> => {
    setBusy(sync ? 'sync' : 'create');
    setError(undefined);
    try {
      const source = await client.createSource({
        body: { ...body, ...connection, status: 'active' },
      });
      void sourcesStoreOf(client).load();
      toast('success', `${source.name} is added.`);
      if (sync) await startRun(client, source);
      navigate(`/sources/${source.id}${isLanding ? '?tab=files' : ''}`, { replace: true });
    } catch (caught) {
      setError(caught);
      setBusy(undefined);
    }
  };
  /** A draft holds what is known until the vendor sends the person back. */
  const connect = async (): Promise<void> => {
    setError(undefined);
    try {
      const { id } =
        draft === undefined
          ? await client.createSource({ body: { ...body, status: 'draft' } })
          : await client.changeSource({ idOrKey: draft, body });
      setDraft(id);
      keepDraft(id);
      await beginConnect(client, id, credentials);
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Page
      title={`Add ${connector.title}`}
      parent={{ to: '/sources/new', title: 'Add a source' }}
      description={connector.description}
    >
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (busy === undefined) void create(false);
        }}
      >
        <Panel title="Name">
          <div className="stack">
            <TextField
              label="Name"
              required
              error={errors['/name']}
              maxLength={255}
              value={name}
              onChange={setName}
            />
            <TextField
              label="Key"
              required
              hint="Names it in the API, in configuration files and its tables. Cannot be changed later."
              error={errors['/key']}
              mono
              maxLength={255}
              spellCheck={false}
              value={key ?? keyOf(name)}
              onChange={setKey}
            />
            <details className="more">
              <summary>Description and tags</summary>
              <div className="stack">
                <TextField
                  label="Description"
                  error={errors['/description']}
                  maxLength={500}
                  value={description}
                  onChange={setDescription}
                />
                <TextField
                  label="Tags"
                  hint="With commas between."
                  error={errors['/tags']}
                  value={tags}
                  onChange={setTags}
                />
              </div>
            </details>
          </div>
        </Panel>
        {(fields.config.length > 0 || fields.methods.length > 0) && (
          <Panel
            title={isLanding ? 'Files' : 'Connection'}
            {...(isLanding
              ? {
                  description: `Takes ${connector.fileTypes.join(', ')}. Usually nothing has to be set.`,
                }
              : {})}
          >
            <div className="stack">
              <SchemaForm
                fields={fields.config}
                values={config}
                onChange={setConfig}
                errors={errors}
                at="/config"
              />
              <CredentialsForm
                fields={fields}
                method={method}
                onMethod={setMethod}
                values={credentials}
                onChange={setCredentials}
                errors={errors}
                onConnect={connector.canConnect ? () => void connect() : undefined}
              />
              {!isLanding && (
                <TestConnection
                  run={() => client.testConnection({ name: connector.name, body: connection })}
                  onError={setError}
                />
              )}
            </div>
          </Panel>
        )}
        <Panel title="What is read">
          <div className="stack">
            <Field
              label="Sync mode"
              required
              hint={modeHints[syncMode]}
              error={errors['/syncMode']}
            >
              {(ids) => (
                <Select
                  {...ids}
                  value={syncMode}
                  options={connector.syncModes.map((mode) => ({
                    value: mode as string,
                    label: wordsOf(mode),
                  }))}
                  onChange={setSyncMode}
                />
              )}
            </Field>
            {!isLanding && (
              <StreamsPart
                load={async () =>
                  (await client.inspectConnection({ name: connector.name, body: connection }))
                    .streams
                }
                value={streams}
                onChange={setStreams}
              />
            )}
          </div>
        </Panel>
        <Panel
          title="Schedule"
          {...(isLanding
            ? { description: 'Files that arrive are loaded at once; a schedule is not needed.' }
            : {})}
        >
          <ScheduleBuilder value={schedule} onChange={setSchedule} />
        </Panel>
        {error !== undefined && (
          <Alert kind="error" title="The source was not added">
            {describeError(error)}
          </Alert>
        )}
        <div className="buttons">
          <Button
            type="submit"
            kind={isLanding ? 'primary' : 'plain'}
            busy={busy === 'create'}
            disabled={name.trim() === '' || busy === 'sync'}
          >
            {isLanding ? 'Add and choose files' : 'Add source'}
          </Button>
          {!isLanding && (
            <Button
              kind="primary"
              icon="refresh"
              busy={busy === 'sync'}
              disabled={name.trim() === '' || busy === 'create'}
              onClick={() => void create(true)}
            >
              Add and sync now
            </Button>
          )}
          <LinkButton to="/sources" kind="quiet">
            Cancel
          </LinkButton>
        </div>
      </form>
    </Page>
  );
}
