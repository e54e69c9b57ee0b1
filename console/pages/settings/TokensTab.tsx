import { useState } from 'react';
import type { CreatedToken, Token } from '../../../client/generated.ts';
import { type Role, useClient, useSession } from '../../app/session.ts';
import { readAll } from '../../data/readPages.ts';
import { useQuery } from '../../data/useQuery.ts';
import { wordsOf } from '../../text/format.ts';
import { Button } from '../../ui/Button.tsx';
import type { Column } from '../../ui/DataTable.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { ListPanel } from '../../ui/ListPanel.tsx';
import { Empty } from '../../ui/States.tsx';
import { TextField } from '../../ui/TextField.tsx';
import { Ago, At } from '../../ui/Time.tsx';
import { toast } from '../../ui/Toasts.tsx';
import { ShownOnce } from './ShownOnce.tsx';

const readColumns: readonly Column<Token>[] = [
  {
    id: 'name',
    title: 'Name',
    cell: ({ name, id }) => (
      <>
        {name}
        <span className="sub mono">{id}</span>
      </>
    ),
  },
  { id: 'role', title: 'Role', cell: ({ role }) => wordsOf(role) },
  {
    id: 'sources',
    title: 'Sources',
    cell: ({ sources }) => (sources === null ? 'All' : `${sources.length} of them`),
  },
  {
    id: 'expires',
    title: 'Expires',
    className: 'nowrap',
    cell: ({ expiresAt }) => <At at={expiresAt} never="Never" />,
  },
  {
    id: 'used',
    title: 'Last used',
    className: 'nowrap',
    cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} />,
  },
  {
    id: 'made',
    title: 'Made',
    className: 'nowrap',
    cell: ({ createdAt }) => <Ago at={createdAt} />,
  },
];

/** API tokens: making one, which is shown once, and revoking one. */
export function TokensTab() {
  const { me } = useSession();
  const [isMaking, setIsMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const [made, setMade] = useState<CreatedToken>();
  const client = useClient();
  const query = useQuery('tokens', (api, signal) =>
    readAll((page) => api.listTokens({ query: page, signal })),
  );
  const revokeColumn: Column<Token> = {
    id: 'revoke',
    title: 'Revoke',
    hiddenTitle: true,
    cell: (token) => (
      <div className="row-actions">
        <Button aria-label={`Revoke ${token.name}`} onClick={() => setRevoking(token)}>
          Revoke
        </Button>
      </div>
    ),
  };
  return (
    <>
      {made !== undefined && (
        <ShownOnce
          title={`The token ${made.name} is made`}
          explanation="It is shown only now; Headgate keeps its hash."
          label="The token"
          secret={made.token}
          onDone={() => setMade(undefined)}
        />
      )}
      <ListPanel
        title="API tokens"
        description="For programs, and for people until they sign in with their own accounts."
        actions={
          <Button kind="primary" icon="add" onClick={() => setIsMaking(true)}>
            Make a token
          </Button>
        }
        query={query}
        columns={[...readColumns, revokeColumn]}
        rows={query.data ?? []}
        rowKey={({ id }) => id}
        empty={<Empty title="No tokens">Only the first admin token is in use.</Empty>}
      />
      {isMaking && (
        <MakeToken
          onClose={() => setIsMaking(false)}
          onMade={(token) => {
            setMade(token);
            void query.refresh();
          }}
        />
      )}
      {revoking !== undefined && (
        <Dialog
          title={`Revoke ${revoking.name}?`}
          action="Revoke"
          actionKind="danger"
          onClose={() => setRevoking(undefined)}
          onAction={async () => {
            await client.revokeToken({ tokenId: revoking.id });
            toast('success', `${revoking.name} is revoked.`);
            await query.refresh();
          }}
        >
          <p>
            Whoever uses it is refused from now on.
            {revoking.id === me.tokenId && ' It is the one you are signed in with.'}
          </p>
        </Dialog>
      )}
    </>
  );
}

const roles = [
  { value: 'viewer', label: 'Viewer: sees everything' },
  { value: 'editor', label: 'Editor: adds, changes and runs sources' },
  { value: 'admin', label: 'Admin: tokens and the audit log, too' },
] as const satisfies readonly { readonly value: Role; readonly label: string }[];

interface MakeTokenProps {
  readonly onClose: () => void;
  readonly onMade: (token: CreatedToken) => void;
}

function MakeToken({ onClose, onMade }: MakeTokenProps) {
  const client = useClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [sources, setSources] = useState('');
  const [expires, setExpires] = useState('');
  return (
    <Dialog
      title="Make a token"
      action="Make it"
      actionDisabled={name.trim() === ''}
      onClose={onClose}
      onAction={async () => {
        const limited = sources
          .split(',')
          .flatMap((key) => (key.trim() === '' ? [] : [key.trim()]));
        onMade(
          await client.createToken({
            body: {
              name: name.trim(),
              role,
              ...(limited.length === 0 ? {} : { sources: limited }),
              ...(expires === ''
                ? {}
                : { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
            },
          }),
        );
      }}
    >
      <TextField
        label="Name"
        required
        hint="Who or what will use it."
        maxLength={100}
        value={name}
        onChange={setName}
      />
      <Field label="Role" required>
        {(ids) => <Select {...ids} value={role} options={roles} onChange={setRole} />}
      </Field>
      <TextField
        label="Only these sources"
        hint="Keys with commas between. Left out: all."
        mono
        value={sources}
        onChange={setSources}
      />
      <TextField
        label="Valid until"
        hint="Left out: until it is revoked."
        type="date"
        value={expires}
        onChange={setExpires}
      />
    </Dialog>
  );
}
