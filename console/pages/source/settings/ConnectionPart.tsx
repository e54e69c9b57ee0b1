import { useMemo, useState } from 'react';
import type { Connector, Json } from '../../../../client/generated.ts';
import { Panel } from '../../../ui/Page.tsx';
import { attempt } from '../../../ui/Toasts.tsx';
import { beginConnect } from '../../add/beginConnect.ts';
import { CredentialsForm } from '../../add/ConnectionForm.tsx';
import { connectionFields, credentialsOf, takesUploads } from '../../add/connectionDraft.ts';
import { SchemaForm } from '../../add/SchemaForm.tsx';
import { TestConnection } from '../../add/TestConnection.tsx';
import { SaveRow } from './SaveRow.tsx';
import { type PartProps, useSave } from './useSave.ts';

type Values = Readonly<Record<string, Json>>;

/** Of parts that depend on the kind of source. */
export interface ConnectorPartProps extends PartProps {
  readonly connector: Connector;
}

/** How the source is reached and signed in to. */
export function ConnectionPart(props: ConnectorPartProps) {
  const { source, connector } = props;
  const { client, busy, error, errors, run } = useSave(props);
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
