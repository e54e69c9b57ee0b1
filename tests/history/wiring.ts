import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import pg from 'pg';
import type { Connector } from '../../shared/connectors/connector.ts';
import type { Table } from '../../shared/table.ts';
import { parseCopyCsv } from '../connectors/readBatch.ts';
import type { Randomness } from '../randomness.ts';
import { Killed, type Wiring } from './oneSource.ts';
import type { Sabotage } from './sabotage.ts';

const sound: Wiring = {
  table: (table) => table,
  connector: (connector) => connector,
  merge: (merge) => merge,
};

/** Headgate with nothing between its parts, or with one of them broken. Disposing mends what is global. */
export function wiringOf(sabotage: Sabotage | undefined, random: Randomness): Wiring & Disposable {
  const mend = sqlOf(sabotage);
  return { ...sound, ...partsOf(sabotage, random), [Symbol.dispose]: mend };
}

function partsOf(sabotage: Sabotage | undefined, random: Randomness): Partial<Wiring> {
  switch (sabotage) {
    case 'no fence check':
      return { table: withoutFence };
    case 'cursor before data':
      return { table: (table) => withCursorFirst(table, random) };
    case 'column shifted by a row':
      return { connector: withShiftedColumn };
    case 'overlap not deduplicated':
      return {
        merge: () => async (options) => ({
          adds: options.adds,
          deletes: [],
          removes: [],
          deduplicated: 0,
          superseded: 0,
          tombstones: 0,
          bytesRead: 0,
        }),
      };
    default:
      return {};
  }
}

/** Rewrites the statements that read rows. */
function sqlOf(sabotage: Sabotage | undefined): () => void {
  const rewrite =
    sabotage === 'exclusive lower bound'
      ? (sql: string) => sql.replaceAll(' >= ', ' > ')
      : sabotage === 'null cursors skipped'
        ? (sql: string) => sql.replaceAll('"at" is null', 'false')
        : null;
  if (rewrite === null) return () => {};
  const prototype = (pg as unknown as { Connection: { prototype: { query(sql: string): void } } })
    .Connection.prototype;
  const { query } = prototype;
  prototype.query = function rewritten(sql: string): void {
    query.call(this, /^copy /i.test(sql) ? rewrite(sql) : sql);
  };
  return () => {
    prototype.query = query;
  };
}

interface TransactItem {
  readonly Update?: {
    readonly Key: { readonly pk: string; readonly sk: string };
    readonly TableName: string;
    readonly ConditionExpression?: string;
    readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
    readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
  };
}
interface Command {
  readonly input: { readonly TransactItems?: readonly TransactItem[] };
}

const through = (table: Table, send: (command: Command) => Promise<unknown>): Table => ({
  name: table.name,
  client: { send } as never,
});

/** What a stored run or lock says of owner, token, attempt and end no longer matters to a commit. */
function withoutFence(table: Table): Table {
  return through(table, async (command) => {
    for (const { Update } of command.input.TransactItems ?? [])
      if (Update !== undefined && /^(LOCK$|RUN#|STREAM#)/.test(Update.Key.sk)) drop(Update);
    const answer = (await table.client.send(command as never)) as {
      Item?: { status?: string; sk?: string };
    };
    // A run that is over is one, too.
    if (answer.Item?.sk?.startsWith('RUN#') === true) answer.Item.status = 'running';
    return answer;
  });
}

function drop(update: NonNullable<TransactItem['Update']>): void {
  const mutable = update as unknown as {
    ConditionExpression?: string;
    UpdateExpression: string;
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, unknown>;
  };
  delete mutable.ConditionExpression;
  const used = (name: string): boolean =>
    new RegExp(`${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![A-Za-z0-9_])`).test(
      mutable.UpdateExpression,
    );
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = mutable;
  for (const map of [names, values])
    for (const name of Object.keys(map ?? {}))
      if (map !== undefined && !used(name)) delete map[name];
  if (names !== undefined && Object.keys(names).length === 0)
    delete mutable.ExpressionAttributeNames;
  if (values !== undefined && Object.keys(values).length === 0)
    delete mutable.ExpressionAttributeValues;
}

/** The new cursor is stored alone before the transaction that it belongs to. */
function withCursorFirst(table: Table, random: Randomness): Table {
  return through(table, async (command) => {
    for (const { Update } of command.input.TransactItems ?? []) {
      const cursor = Update?.ExpressionAttributeValues?.[':cursor'];
      if (Update === undefined || cursor === undefined || !Update.Key.sk.startsWith('STREAM#'))
        continue;
      await table.client.send(
        new UpdateCommand({
          TableName: Update.TableName,
          Key: Update.Key,
          UpdateExpression: 'SET #cursor = :cursor',
          ExpressionAttributeNames: { '#cursor': 'cursor' },
          ExpressionAttributeValues: { ':cursor': cursor },
        }),
      );
      if (random.chance(0.6)) throw new Killed('between cursor and data');
    }
    return table.client.send(command as never);
  });
}

function withShiftedColumn(connector: Connector): Connector {
  return {
    ...connector,
    async *read(context, stream, from) {
      // As text, which can be shifted.
      const { decoded: _, ...asText } = stream;
      for await (const batch of connector.read(context, asText, from)) {
        const { body } = batch;
        if (body.kind !== 'copyCsv') {
          yield batch;
          continue;
        }
        const open = async function* (): AsyncGenerator<Uint8Array> {
          const chunks: Uint8Array[] = [];
          for await (const chunk of body.open()) chunks.push(Buffer.from(chunk));
          yield Buffer.from(shifted(Buffer.concat(chunks).toString()));
        };
        yield { ...batch, body: { kind: 'copyCsv', open } };
      }
    },
  };
}

function shifted(text: string): string {
  const rows = parseCopyCsv(text);
  const last = (rows[0]?.length ?? 1) - 1;
  return rows
    .map((row, index) => {
      const cells = row.map((cell, column) =>
        column === last ? (rows[(index + rows.length - 1) % rows.length]?.[last] ?? null) : cell,
      );
      return `${cells.map((cell) => (cell === null ? '\\N' : `"${cell.replaceAll('"', '""')}"`)).join(',')}\n`;
    })
    .join('');
}
