import { useMemo, useState } from 'react';
import type { ConnectorSummary, File as LandedFile, Source } from '../../../client/generated.ts';
import { useClient, useMay } from '../../app/session.ts';
import { readPages } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { bytesText, countText } from '../../text/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Menu } from '../../ui/Menu.tsx';
import { Facts, Panel } from '../../ui/Page.tsx';
import { Empty } from '../../ui/States.tsx';
import { Ago } from '../../ui/Time.tsx';
import { attempt, toast } from '../../ui/Toasts.tsx';
import { isBusy } from '../sources/health.ts';
import { tellAccepted } from '../sources/sourceActions.ts';
import { UploadPanel } from './UploadPanel.tsx';

interface FilesTabProps {
  readonly source: Source;
  readonly connector: ConnectorSummary;
  readonly refresh: () => Promise<void>;
}

const pageSize = 100;

/** The files of a source: what came of each, bringing new ones, and taking some away with their rows. */
export function FilesTab({ source, connector, refresh }: FilesTabProps) {
  const mayEdit = useMay('editor');
  const [limit, setLimit] = useState(pageSize);
  const [deleting, setDeleting] = useState<LandedFile>();
  const files = useQuery(
    `files ${source.id} ${limit}`,
    (client, signal) =>
      readPages((page) => client.listFiles({ idOrKey: source.id, query: page, signal }), limit),
    (data) => (isBusy(source) || data?.rows.some(isMoving) ? 'busy' : 'calm'),
    source.id,
  );
  const taken = useMemo(
    () =>
      new Set(
        files.data?.rows.flatMap(({ name, status }) => (status === 'file_deleted' ? [] : [name])),
      ),
    [files.data],
  );
  const changed = async (): Promise<void> => {
    await Promise.all([files.refresh(), refresh()]);
  };
  const canUpload = mayEdit && source.status !== 'archived';
  const isUploaded = connector.authMethods.every(({ fields }) => fields.length === 0);
  return (
    <>
      <Panel title="Rules">
        <Facts items={rulesOf(source, connector)} />
      </Panel>
      {canUpload && isUploaded && (
        <UploadPanel source={source} connector={connector} taken={taken} onDone={changed} />
      )}
      <ListPanel
        title="Existing files"
        query={files}
        columns={mayEdit ? [...columns, actionsColumn(source, setDeleting, changed)] : columns}
        rows={files.data?.rows ?? []}
        rowKey={({ name, versionId }) => `${name} ${versionId}`}
        empty={<Empty title="No files yet">Upload some, or put them into its folder.</Empty>}
        more={
          files.data?.hasMore === true
            ? { text: 'Show more files', onMore: () => setLimit(limit * 2) }
            : undefined
        }
      />
      {deleting !== undefined && (
        <DeleteFile
          source={source}
          file={deleting}
          onClose={() => setDeleting(undefined)}
          onDone={changed}
        />
      )}
    </>
  );
}

const isMoving = ({ status, waiting }: LandedFile): boolean =>
  status === 'processing' || (status === 'pending' && waiting);

function rulesOf(source: Source, connector: ConnectorSummary) {
  const pattern = source.config['pattern'] ?? source.config['glob'];
  return [
    { name: 'Folder', value: <code>{`landing/…/${source.id}/`}</code> },
    { name: 'Pattern', value: typeof pattern === 'string' ? <code>{pattern}</code> : 'All files' },
    { name: 'File types', value: connector.fileTypes.join(', ') },
    {
      name: 'Duplicates',
      value: 'A name once, unless it replaces the file. The same bytes are loaded once.',
    },
  ];
}

const statusBadges: Readonly<
  Record<
    LandedFile['status'],
    { readonly text: string; readonly color: 'green' | 'blue' | 'purple' | 'red' | 'grey' }
  >
> = {
  on_disk: { text: 'On disk', color: 'grey' },
  pending: { text: 'Waiting', color: 'blue' },
  processing: { text: 'Processing', color: 'purple' },
  loaded: { text: 'Loaded', color: 'green' },
  failed: { text: 'Failed', color: 'red' },
  file_deleted: { text: 'File deleted', color: 'grey' },
};

const columns: readonly Column<LandedFile>[] = [
  {
    id: 'name',
    title: 'File',
    className: 'file-name',
    cell: ({ name, detected, duplicateOf, error }) => (
      <>
        <span className="mono">{name}</span>
        {detected !== null && <span className="sub">{detected}</span>}
        {duplicateOf !== null && <span className="sub">has the same bytes as {duplicateOf}</span>}
        {error !== null && <span className="field-error">{error.message}</span>}
      </>
    ),
  },
  {
    id: 'size',
    title: 'Size',
    align: 'right',
    className: 'nowrap',
    cell: ({ bytes }) => bytesText(bytes),
  },
  {
    id: 'modified',
    title: 'Modified',
    className: 'nowrap',
    cell: ({ modifiedAt }) => <Ago at={modifiedAt} />,
  },
  {
    id: 'rows',
    title: 'Rows',
    align: 'right',
    cell: ({ rows, rejected }) => (
      <>
        {rows === null ? '–' : countText(rows)}
        {rejected !== null && rejected > 0 && (
          <span className="sub">{countText(rejected)} rejected</span>
        )}
      </>
    ),
  },
  {
    id: 'loaded',
    title: 'Loaded',
    className: 'nowrap',
    cell: ({ loadedAt }) => <Ago at={loadedAt} never="–" />,
  },
  {
    id: 'status',
    title: 'Status',
    cell: ({ status }) => <Badge {...statusBadges[status]} pulsing={status === 'processing'} />,
  },
];

function actionsColumn(
  source: Source,
  onDelete: (file: LandedFile) => void,
  onChange: () => Promise<void>,
): Column<LandedFile> {
  return {
    id: 'actions',
    title: 'Actions',
    hiddenTitle: true,
    cell: (file) => (
      <div className="row-actions">
        <FileMenu source={source} file={file} onDelete={onDelete} onChange={onChange} />
      </div>
    ),
  };
}

interface FileMenuProps {
  readonly source: Source;
  readonly file: LandedFile;
  readonly onDelete: (file: LandedFile) => void;
  readonly onChange: () => Promise<void>;
}

function FileMenu({ source, file, onDelete, onChange }: FileMenuProps) {
  const client = useClient();
  const { name, status } = file;
  const path = { idOrKey: source.id, name };
  const load = (force: boolean): void =>
    void attempt(async () => {
      const { run } = await client.reloadFile({ ...path, body: { force } });
      if (run === null) toast('info', `${name} waits for a later run.`);
      else tellAccepted(source, run, 'Loading');
      await onChange();
    });
  const items =
    status === 'file_deleted'
      ? [
          {
            label: 'Bring it back',
            onSelect: () =>
              void attempt(async () => {
                const { run } = await client.restoreFile(path);
                if (run !== null) tellAccepted(source, run, 'Loading');
                await onChange();
              }),
          },
        ]
      : [
          { label: 'Load again', onSelect: () => load(false) },
          ...(file.duplicateOf === null
            ? []
            : [{ label: 'Load although a duplicate', onSelect: () => load(true) }]),
          { label: 'Delete with its rows…', danger: true, onSelect: () => onDelete(file) },
        ];
  return <Menu label={`More for ${name}`} items={items} />;
}

interface DeleteFileProps {
  readonly source: Source;
  readonly file: LandedFile;
  readonly onClose: () => void;
  readonly onDone: () => Promise<void>;
}

function DeleteFile({ source, file: { name, rows }, onClose, onDone }: DeleteFileProps) {
  const client = useClient();
  return (
    <Dialog
      title={`Delete ${name}?`}
      action="Delete file and rows"
      actionKind="danger"
      onClose={onClose}
      onAction={async () => {
        const accepted = await client.deleteFile({ idOrKey: source.id, name });
        tellAccepted(source, accepted, `Deleting ${name}`);
        await onDone();
      }}
    >
      <p>
        The file goes{rows === null ? '' : `, and its ${countText(rows)} rows leave the table`}. It
        can be brought back for a while.
      </p>
    </Dialog>
  );
}
