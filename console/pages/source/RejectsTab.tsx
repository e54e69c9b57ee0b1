import { useState } from 'react';
import type { Source } from '../../../client/generated.ts';
import { useClient, useMay } from '../../app/session.ts';
import { useQuery } from '../../data/useQuery.ts';
import { countText } from '../../text/format.ts';
import { Button } from '../../ui/Button.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { Panel } from '../../ui/Page.tsx';
import { Empty, LoadError, Loading } from '../../ui/States.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { tellAccepted } from '../sources/sourceActions.ts';
import { RowsTable } from './RowsTable.tsx';
import { useTables } from './useTables.ts';

/** Rows that did not fit, why, and how to load them again. */
export function RejectsTab({ source }: { readonly source: Source }) {
  const tables = useTables(source.id);
  const [chosen, setChosen] = useState('');
  const withRejects = tables.data?.filter(({ rejectedRows }) => rejectedRows > 0) ?? [];
  if (tables.error !== undefined)
    return <LoadError error={tables.error} onRetry={() => void tables.refresh()} />;
  if (tables.data === undefined)
    return (
      <Panel>
        <Loading />
      </Panel>
    );
  const table = withRejects.find(({ stream }) => stream === chosen) ?? withRejects[0];
  if (table === undefined)
    return (
      <Panel>
        <Empty title="No rejected rows">
          Rows that cannot be read, or fit no type, are kept here with the reason, and can be loaded
          again after a fix.
        </Empty>
      </Panel>
    );
  return (
    <>
      {withRejects.length > 1 && (
        <Field label="Stream" required>
          {(ids) => (
            <Select
              {...ids}
              value={table.stream}
              options={withRejects.map(({ stream, rejectedRows }) => ({
                value: stream,
                label: `${stream} (${countText(rejectedRows)})`,
              }))}
              onChange={setChosen}
            />
          )}
        </Field>
      )}
      <Rejects
        key={table.stream}
        source={source}
        stream={table.stream}
        total={table.rejectedRows}
      />
    </>
  );
}

interface RejectsProps {
  readonly source: Source;
  readonly stream: string;
  readonly total: number;
}

/** What helps to mend a row comes first. */
const firstColumns = ['reason', 'row_text', '_source_file', 'line', 'column_name'];

function Rejects({ source, stream, total }: RejectsProps) {
  const client = useClient();
  const mayEdit = useMay('editor');
  const { data, error, refresh } = useQuery(
    `rejects ${source.id} ${stream}`,
    (api, signal) => api.listRejects({ idOrKey: source.id, query: { stream, limit: 100 }, signal }),
    'calm',
    source.id,
  );
  const columns = data?.columns.toSorted((a, b) => placeOf(a.name) - placeOf(b.name));
  return (
    <Panel
      flush
      title={`${countText(total)} rejected`}
      description={total > 100 ? 'The first 100 are shown; the download has all.' : undefined}
      actions={
        <>
          <Button
            icon="down"
            onClick={() =>
              void attempt(async () => {
                let text = '';
                let cursor: string | undefined;
                do {
                  const part = await client.downloadRejects({
                    idOrKey: source.id,
                    query: { stream, format: 'csv', ...(cursor === undefined ? {} : { cursor }) },
                  });
                  text += part.text;
                  cursor = part.nextCursor ?? undefined;
                  if (text.length > maxDownload)
                    throw new Error('Too many to save here: use “headgate rejects --download”.');
                } while (cursor !== undefined);
                save(`${source.key}-rejects.csv`, text);
              })
            }
          >
            Download
          </Button>
          {mayEdit && (
            <Button
              icon="undo"
              onClick={() =>
                void attempt(async () => {
                  const accepted = await client.replayRejects({
                    idOrKey: source.id,
                    body: { streams: [stream] },
                  });
                  tellAccepted(source, accepted, 'Replay');
                })
              }
            >
              Load again
            </Button>
          )}
        </>
      }
    >
      {error !== undefined && <LoadError error={error} onRetry={() => void refresh()} />}
      {data === undefined && error === undefined && <Loading />}
      {data !== undefined && (
        <RowsTable
          caption="Rejected rows"
          rows={data.rows}
          columns={columns ?? []}
          whole={['reason']}
        />
      )}
    </Panel>
  );
}

/** Of text kept in this tab while it is put together. */
const maxDownload = 200_000_000;

const placeOf = (name: string): number => {
  const place = firstColumns.indexOf(name);
  return place < 0 ? firstColumns.length : place;
};

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
  toast('success', `${name} is saved.`);
}
