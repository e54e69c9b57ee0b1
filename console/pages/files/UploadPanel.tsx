import { useEffect, useId, useRef, useState } from 'react';
import type { ConnectorSummary, Source } from '../../../client/generated.ts';
import { ProblemError } from '../../../client/problemError.ts';
import { useClient } from '../../app/session.ts';
import { describeError } from '../../text/describeError.ts';
import { bytesText, countOf } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import { Button } from '../../ui/Button.tsx';
import { DataTable } from '../../ui/DataTable.tsx';
import { Checkbox } from '../../ui/Field.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { Panel } from '../../ui/Page.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { startRun } from '../sources/sourceActions.ts';
import { transfer } from './transfer.ts';
import { freeName, type Waiting, waitingOf } from './uploadList.ts';

interface UploadPanelProps {
  readonly source: Source;
  readonly connector: ConnectorSummary;
  /** Names the source has. */
  readonly taken: ReadonlySet<string>;
  readonly onDone: () => Promise<void>;
}

/** Files sent at the same time. */
const atOnce = 2;

/** Choosing files, looking the list over, and sending them. */
export function UploadPanel({ source, connector, taken, onDone }: UploadPanelProps) {
  const client = useClient();
  const [list, setList] = useState<readonly Waiting[]>([]);
  const [sync, setSync] = useState(true);
  const [isOver, setIsOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const stop = useRef(new AbortController());
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => () => stop.current.abort(), []);

  const add = (files: Iterable<File>): void => {
    // Names on the list count as taken, too: two folders may hold a file of one name.
    const names = new Set([...taken, ...list.map(({ name }) => name)]);
    const added: Waiting[] = [];
    for (const file of files) {
      added.push(waitingOf(file, connector.fileTypes, names));
      names.add(file.name);
    }
    setList([...list, ...added]);
  };
  const change = (itemId: number, next: Partial<Waiting>): void =>
    setList((before) => before.map((each) => (each.id === itemId ? { ...each, ...next } : each)));

  const sendOne = async (item: Waiting): Promise<boolean> => {
    change(item.id, { state: 'sending', sent: 0 });
    try {
      await transfer(client, {
        sourceId: source.id,
        name: item.name,
        file: item.file,
        replace: item.replace,
        onProgress: (sent) => change(item.id, { sent }),
        signal: stop.current.signal,
      });
      change(item.id, { state: 'done', sent: item.file.size });
      return true;
    } catch (error) {
      const exists = error instanceof ProblemError && error.code === 'file_exists';
      change(
        item.id,
        exists ? { state: 'exists' } : { state: 'failed', problem: describeError(error) },
      );
      return false;
    }
  };
  const send = async (): Promise<void> => {
    setBusy(true);
    stop.current = new AbortController();
    const queue = list.filter(({ state }) => state === 'ready' || state === 'failed');
    let sent = 0;
    const work = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift())
        if (!stop.current.signal.aborted && (await sendOne(item))) sent += 1;
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    setBusy(false);
    if (sent === 0) return;
    toast('success', `${countOf(sent, 'file')} uploaded to ${source.name}.`);
    if (sync) await attempt(() => startRun(client, source));
    await onDone();
  };

  const ready = list.filter(({ state }) => state === 'ready' || state === 'failed');
  return (
    <Panel title="Upload">
      <div className="stack">
        <div
          role="group"
          aria-labelledby={id}
          className={isOver ? 'dropzone over' : 'dropzone'}
          onDragOver={(event) => {
            event.preventDefault();
            setIsOver(true);
          }}
          onDragLeave={() => setIsOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setIsOver(false);
            add(event.dataTransfer.files);
          }}
        >
          <Icon name="up" />
          <span id={id}>Drop files here, or</span>
          <Button disabled={busy} onClick={() => input.current?.click()}>
            Choose files
          </Button>
          <input
            ref={input}
            className="visually-hidden"
            type="file"
            multiple
            tabIndex={-1}
            aria-label="Files to upload"
            accept={connector.fileTypes
              .flatMap((type) => [type, `${type}.gz`, `${type}.zst`])
              .join(',')}
            onChange={(event) => {
              add(event.target.files ?? []);
              event.target.value = '';
            }}
          />
          <span className="faint">
            {connector.fileTypes.join(', ')}, also as .gz or .zst. Large files go in parts and can
            be taken up again.
          </span>
        </div>
        {list.length > 0 && (
          <>
            <DataTable
              dense
              caption="Files to upload"
              rows={list}
              rowKey={(item) => String(item.id)}
              columns={[
                {
                  id: 'name',
                  title: 'File',
                  cell: (item) => <NameCell item={item} />,
                },
                {
                  id: 'size',
                  title: 'Size',
                  align: 'right',
                  className: 'nowrap',
                  cell: ({ file }) => bytesText(file.size),
                },
                {
                  id: 'state',
                  title: 'State',
                  className: 'upload-state',
                  cell: (item) => (
                    <StateCell
                      item={item}
                      onReplace={() => change(item.id, { replace: true, state: 'ready' })}
                      onRename={() =>
                        change(item.id, {
                          name: freeName(
                            item.name,
                            new Set([...taken, ...list.map(({ name }) => name)]),
                          ),
                          state: 'ready',
                        })
                      }
                    />
                  ),
                },
                {
                  id: 'remove',
                  title: 'Remove',
                  hiddenTitle: true,
                  cell: ({ id: itemId, name, state }) => (
                    <Button
                      kind="quiet"
                      icon="cancel"
                      aria-label={`Take ${name} off the list`}
                      disabled={state === 'sending'}
                      onClick={() => setList(list.filter((each) => each.id !== itemId))}
                    />
                  ),
                },
              ]}
            />
            <div className="buttons">
              <Button
                kind="primary"
                icon="up"
                busy={busy}
                disabled={ready.length === 0}
                onClick={() => void send()}
              >
                Upload {countOf(ready.length, 'file')}
              </Button>
              {busy ? (
                <Button onClick={() => stop.current.abort(new Error('Stopped.'))}>Stop</Button>
              ) : (
                <Button kind="quiet" onClick={() => setList([])}>
                  Clear the list
                </Button>
              )}
              <Checkbox checked={sync} onChange={setSync}>
                Sync after the upload
              </Checkbox>
            </div>
          </>
        )}
      </div>
    </Panel>
  );
}

const NameCell = ({ item: { name, file, replace } }: { readonly item: Waiting }) => (
  <>
    <span className="mono">{name}</span>
    {name !== file.name && <span className="sub">was {file.name}</span>}
    {replace && <span className="sub">replaces the file of this name, with its rows</span>}
  </>
);

interface StateCellProps {
  readonly item: Waiting;
  readonly onReplace: () => void;
  readonly onRename: () => void;
}

function StateCell({ item, onReplace, onRename }: StateCellProps) {
  const { state, sent, file, name, problem } = item;
  switch (state) {
    case 'ready':
      return <span className="faint">Ready</span>;
    case 'exists':
      return (
        <div className="buttons">
          <Badge plain color="yellow" text="A file of this name exists" />
          <Button kind="quiet" onClick={onReplace}>
            Replace it
          </Button>
          <Button kind="quiet" onClick={onRename}>
            Rename this one
          </Button>
        </div>
      );
    case 'sending':
      return (
        <progress
          className="progress"
          aria-label={`Uploading ${name}`}
          max={Math.max(1, file.size)}
          value={sent}
        />
      );
    case 'done':
      return <Badge color="green" text="Uploaded" />;
    default:
      return <span className="field-error">{problem}</span>;
  }
}
