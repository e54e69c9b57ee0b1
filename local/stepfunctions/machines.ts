import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Definition } from './definition.ts';

export interface Machine {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
  readonly definitionHash: string;
  readonly roleArn: string;
  readonly createdAt: number;
}

export interface NewMachine {
  readonly name: string;
  /** Amazon States Language, JSONata. */
  readonly definition: string;
  /** Left out: made from the name. */
  readonly arn?: string;
  readonly roleArn?: string;
}

export interface Machines {
  /** Creates a machine or gives an existing one a new definition; executions keep the one they began with. */
  put(machine: Omit<Machine, 'definitionHash'>): void;
  get(arn: string): Machine | null;
  list(): readonly Machine[];
  delete(arn: string): void;
  /** Keeps a checked definition that belongs to no machine, and answers its hash. */
  storeDefinition(definition: string): string;
  /** The checked definition with this hash. */
  definition(hash: string): Definition;
}

const columns = `machine.arn, name, text as definition, definition_hash as definitionHash,
  role_arn as roleArn, created_at as createdAt`;
const from = 'from machine join definition on definition.hash = machine.definition_hash';

/** The stored state machines. Definitions are kept by hash and were checked before they were stored. */
export function openMachines(database: DatabaseSync): Machines {
  const parsed = new Map<string, Definition>();
  const insertDefinition = database.prepare(
    'insert into definition (hash, text) values (?, ?) on conflict do nothing',
  );
  const upsert = database.prepare(
    `insert into machine (arn, name, definition_hash, role_arn, created_at) values (?, ?, ?, ?, ?)
     on conflict (arn) do update set definition_hash = excluded.definition_hash,
       role_arn = excluded.role_arn`,
  );
  const select = database.prepare(`select ${columns} ${from} where machine.arn = ?`);
  const selectAll = database.prepare(`select ${columns} ${from} order by created_at, machine.arn`);
  const remove = database.prepare('delete from machine where arn = ?');
  const selectDefinition = database.prepare('select text from definition where hash = ?');
  const storeDefinition = (definition: string): string => {
    const hash = createHash('sha256').update(definition).digest('hex');
    insertDefinition.run(hash, definition);
    return hash;
  };
  return {
    put: ({ arn, name, definition, roleArn, createdAt }) =>
      void upsert.run(arn, name, storeDefinition(definition), roleArn, createdAt),
    storeDefinition,
    get: (arn) => (select.get(arn) as Machine | undefined) ?? null,
    list: () => selectAll.all() as unknown as Machine[],
    delete: (arn) => void remove.run(arn),
    definition(hash) {
      const known = parsed.get(hash);
      if (known) return known;
      const row = selectDefinition.get(hash) as { text: string } | undefined;
      if (!row) throw new Error(`no definition ${hash} is stored`);
      const definition = JSON.parse(row.text) as Definition;
      parsed.set(hash, definition);
      return definition;
    },
  };
}
