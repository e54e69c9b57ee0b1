import { useState } from 'react';
import type { CreateSource, OfferedStreams } from '../../../client/generated.ts';
import { countOf, wordsOf } from '../../text/format.ts';
import { Button } from '../../ui/Button.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { Checkbox, Select } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';

export type Offered = OfferedStreams['streams'][number];
export type StreamChoices = NonNullable<CreateSource['streams']>;
type Choice = StreamChoices[string];

interface StreamsEditorProps {
  readonly offered: readonly Offered[];
  /** Of those that are read; null: all, as they come. */
  readonly value: StreamChoices | null;
  readonly onChange: (value: StreamChoices | null) => void;
}

const pageSize = 50;

/** Which streams are read, how, by which key, and which of their columns. */
export function StreamsEditor({ offered, value, onChange }: StreamsEditorProps) {
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<string>();
  const [shown, setShown] = useState(pageSize);
  const isChosen = (name: string): boolean => value === null || name in value;
  const all = (): StreamChoices =>
    value ?? Object.fromEntries(offered.map(({ name }) => [name, {}]));
  const choose = (name: string, chosen: boolean): void => {
    const { [name]: before, ...rest } = all();
    const next = chosen ? { ...rest, [name]: before ?? {} } : rest;
    onChange(next);
  };
  const change = (name: string, change: Partial<Choice>): void => {
    const choices = all();
    onChange({ ...choices, [name]: { ...choices[name], ...change } });
  };
  const found = offered.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
  const chosen = offered.filter(({ name }) => isChosen(name)).length;
  return (
    <div className="stack tight">
      <div className="buttons">
        <div className="search">
          <Icon name="search" />
          <input
            className="input"
            type="search"
            aria-label="Search streams"
            placeholder="Search streams"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
        <span className="soft">
          {chosen} of {countOf(offered.length, 'stream')} chosen
        </span>
        <Button kind="quiet" onClick={() => onChange(null)}>
          Choose all
        </Button>
        <Button kind="quiet" onClick={() => onChange({})}>
          Choose none
        </Button>
      </div>
      <DataTable
        dense
        caption="Streams"
        rows={found.slice(0, shown)}
        rowKey={({ name }) => name}
        empty="No stream has such a name."
        columns={[
          {
            id: 'name',
            title: 'Stream',
            cell: ({ name }) => (
              <Checkbox checked={isChosen(name)} onChange={(checked) => choose(name, checked)}>
                <span className="mono">{name}</span>
              </Checkbox>
            ),
          },
          {
            id: 'mode',
            title: 'Mode',
            cell: ({ name, syncModes }) => (
              <Select
                label={`Mode of ${name}`}
                value={value?.[name]?.syncMode ?? ''}
                options={[
                  { value: '', label: 'As the source' },
                  ...syncModes.map((mode) => ({ value: mode as string, label: wordsOf(mode) })),
                ]}
                onChange={(mode) =>
                  change(name, { syncMode: mode === '' ? undefined : (mode as Choice['syncMode']) })
                }
              />
            ),
          },
          {
            id: 'key',
            title: 'Key',
            cell: ({ name, primaryKey }) => (
              <input
                className="input mono"
                aria-label={`Key of ${name}`}
                placeholder={primaryKey.join(', ') || 'none'}
                value={value?.[name]?.primaryKey?.join(', ') ?? ''}
                onChange={(event) => change(name, { primaryKey: namesIn(event.target.value) })}
              />
            ),
          },
          {
            id: 'cursor',
            title: 'Cursor',
            cell: ({ name, cursorFields }) =>
              cursorFields.length === 0 ? (
                <span className="faint">None</span>
              ) : (
                <Select
                  label={`Cursor of ${name}`}
                  value={value?.[name]?.cursorField ?? ''}
                  options={[
                    { value: '', label: `Usual (${cursorFields[0]})` },
                    ...cursorFields.map((field) => ({ value: field, label: field })),
                  ]}
                  onChange={(field) =>
                    change(name, { cursorField: field === '' ? undefined : field })
                  }
                />
              ),
          },
          {
            id: 'columns',
            title: 'Columns',
            cell: ({ name, columns }) =>
              columns === null ? (
                <span className="faint">Known once it is read</span>
              ) : (
                <Button
                  kind="quiet"
                  aria-expanded={open === name}
                  onClick={() => setOpen(open === name ? undefined : name)}
                >
                  {columns.length - (value?.[name]?.exclude?.length ?? 0)} of {columns.length}
                </Button>
              ),
          },
        ]}
      />
      {found.length > shown && (
        <Button kind="quiet" onClick={() => setShown(shown + pageSize)}>
          Show more
        </Button>
      )}
      {offered
        .filter(({ name }) => name === open)
        .map((stream) => (
          <ColumnsEditor
            key={stream.name}
            stream={stream}
            exclude={value?.[stream.name]?.exclude ?? []}
            onChange={(exclude) =>
              change(stream.name, { exclude: exclude.length === 0 ? undefined : exclude })
            }
          />
        ))}
    </div>
  );
}

/** Undefined for nothing typed: the stream’s own key. */
const namesIn = (text: string): readonly string[] | undefined =>
  text.trim() === '' ? undefined : text.split(',').map((each) => each.trim());

interface ColumnsEditorProps {
  readonly stream: Offered;
  readonly exclude: readonly string[];
  readonly onChange: (exclude: readonly string[]) => void;
}

const ColumnsEditor = ({ stream, exclude, onChange }: ColumnsEditorProps) => (
  <fieldset className="columns">
    <legend>Columns of {stream.name}</legend>
    {stream.columns?.map(({ name, type, nativeType }) => (
      <Checkbox
        key={name}
        checked={!exclude.includes(name)}
        onChange={(checked) =>
          onChange(checked ? exclude.filter((each) => each !== name) : [...exclude, name])
        }
      >
        <span className="mono">{name}</span>{' '}
        <span className="faint">
          {nativeType === null || nativeType === type ? type : `${nativeType} → ${type}`}
        </span>
      </Checkbox>
    ))}
  </fieldset>
);
