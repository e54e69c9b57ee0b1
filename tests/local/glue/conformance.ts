import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetDatabasesCommand,
  GetTableCommand,
  GetTablesCommand,
  GetTableVersionsCommand,
  GlueClient,
  type TableInput,
  UpdateTableCommand,
  type UpdateTableCommandInput,
} from '@aws-sdk/client-glue';
import { expect } from 'vitest';
import { type Differences, describeConformance, type Engine, uniqueName } from '../conformance.ts';
import { failureOf } from '../failureOf.ts';
import { localClientConfig } from '../hostServices.ts';

/** The data catalogue the Glue mirror relies on. The same promises hold for any endpoint. */
export function describeGlue(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences = {},
): void {
  describeConformance(name, connect, differs, (promise, endpoint) => {
    const client = () =>
      new GlueClient({ ...localClientConfig, endpoint: endpoint(), maxAttempts: 1 });
    const newDatabase = async () => {
      const Name = uniqueName('db').replaceAll('-', '_');
      await client().send(new CreateDatabaseCommand({ DatabaseInput: { Name } }));
      return Name;
    };
    const table = (Name: string, location: string, more: Partial<TableInput> = {}): TableInput => ({
      Name,
      TableType: 'EXTERNAL_TABLE',
      Parameters: { table_type: 'ICEBERG', metadata_location: location },
      StorageDescriptor: {
        Location: 's3://lake/data/acme/orders',
        Columns: [
          { Name: 'id', Type: 'bigint', Comment: 'order number' },
          { Name: 'amount', Type: 'decimal(18,2)' },
        ],
      },
      ...more,
    });
    const create = (DatabaseName: string, TableInput: TableInput) =>
      client().send(new CreateTableCommand({ DatabaseName, TableInput }));
    const get = async (DatabaseName: string, Name: string) =>
      (await client().send(new GetTableCommand({ DatabaseName, Name }))).Table;
    const update = (
      DatabaseName: string,
      TableInput: TableInput,
      more: Partial<UpdateTableCommandInput> = {},
    ) => client().send(new UpdateTableCommand({ DatabaseName, TableInput, ...more }));

    promise('creates a database once and tells it', async () => {
      const Name = await newDatabase();
      const { Database } = await client().send(new GetDatabaseCommand({ Name }));
      expect(Database?.Name).toBe(Name);
      expect(Database?.CreateTime).toBeInstanceOf(Date);
      const again = new CreateDatabaseCommand({ DatabaseInput: { Name } });
      expect((await failureOf(client().send(again))).name).toBe('AlreadyExistsException');
    });

    promise('lists databases', async () => {
      const Name = await newDatabase();
      const { DatabaseList } = await client().send(new GetDatabasesCommand({}));
      expect(DatabaseList?.map((database) => database.Name)).toContain(Name);
    });

    promise('gives back a table as it was created', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 's3://lake/metadata/1.json'));
      const answer = await get(db, 'orders');
      expect(answer).toMatchObject({
        ...table('orders', 's3://lake/metadata/1.json'),
        DatabaseName: db,
      });
      expect(answer?.CreateTime).toBeInstanceOf(Date);
      expect(answer?.VersionId).toMatch(/^\d+$/);
    });

    promise('refuses a table twice, and one in a missing database', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a'));
      expect((await failureOf(create(db, table('orders', 'b')))).name).toBe(
        'AlreadyExistsException',
      );
      expect((await failureOf(create('no_such_db', table('orders', 'b')))).name).toBe(
        'EntityNotFoundException',
      );
    });

    promise('replaces a table and counts its version up', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a', { Description: 'first' }));
      const before = await get(db, 'orders');
      await update(db, table('orders', 'b'), { SkipArchive: true });
      const after = await get(db, 'orders');
      expect(after?.Parameters?.['metadata_location']).toBe('b');
      expect(after?.Description).toBeUndefined();
      expect(Number(after?.VersionId)).toBe(Number(before?.VersionId) + 1);
      expect(after?.CreateTime).toEqual(before?.CreateTime);
    });

    promise('refuses an update from an old version', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a'));
      const VersionId = (await get(db, 'orders'))?.VersionId;
      await update(db, table('orders', 'b'), { VersionId, SkipArchive: true });
      const late = update(db, table('orders', 'c'), { VersionId, SkipArchive: true });
      expect((await failureOf(late)).name).toBe('ConcurrentModificationException');
      expect((await get(db, 'orders'))?.Parameters?.['metadata_location']).toBe('b');
    });

    promise('lets exactly one of ten updates from one version win', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a'));
      const VersionId = (await get(db, 'orders'))?.VersionId;
      const attempts = await Promise.allSettled(
        Array.from({ length: 10 }, (_, n) =>
          update(db, table('orders', `b${n}`), { VersionId, SkipArchive: true }),
        ),
      );
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    promise('archives the old version unless told not to', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a'));
      await update(db, table('orders', 'b'));
      await update(db, table('orders', 'c'), { SkipArchive: true });
      const { TableVersions } = await client().send(
        new GetTableVersionsCommand({ DatabaseName: db, TableName: 'orders' }),
      );
      const locations = TableVersions?.map(
        ({ Table }) => Table?.Parameters?.['metadata_location'],
      ).toSorted();
      expect(locations).toEqual(['a', 'c']);
    });

    promise('folds names to lower case', async () => {
      const db = await newDatabase();
      await create(db, table('Orders', 'a'));
      expect((await get(db, 'ORDERS'))?.Name).toBe('orders');
    });

    promise('lists tables by pattern and in pages', async () => {
      const db = await newDatabase();
      for (const one of ['orders', 'orders_eu', 'users']) await create(db, table(one, 'a'));
      const matching = await client().send(
        new GetTablesCommand({ DatabaseName: db, Expression: 'orders.*' }),
      );
      expect(matching.TableList?.map(({ Name }) => Name).toSorted()).toEqual([
        'orders',
        'orders_eu',
      ]);
      const names: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client().send(
          new GetTablesCommand({
            DatabaseName: db,
            MaxResults: 2,
            ...(NextToken === undefined ? {} : { NextToken }),
          }),
        );
        expect(page.TableList?.length).toBeLessThanOrEqual(2);
        names.push(...(page.TableList ?? []).map(({ Name }) => Name));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      expect(names.toSorted()).toEqual(['orders', 'orders_eu', 'users']);
    });

    promise('deletes a table, and a database with its tables', async () => {
      const db = await newDatabase();
      await create(db, table('orders', 'a'));
      await create(db, table('users', 'a'));
      await client().send(new DeleteTableCommand({ DatabaseName: db, Name: 'orders' }));
      expect((await failureOf(get(db, 'orders'))).name).toBe('EntityNotFoundException');
      await client().send(new DeleteDatabaseCommand({ Name: db }));
      expect((await failureOf(get(db, 'users'))).name).toBe('EntityNotFoundException');
    });

    promise('answers what is not there with EntityNotFoundException', async () => {
      const db = await newDatabase();
      for (const call of [
        () => get(db, 'missing'),
        () => get('no_such_db', 'missing'),
        () => update(db, table('missing', 'a')),
        () => client().send(new DeleteTableCommand({ DatabaseName: db, Name: 'missing' })),
        () => client().send(new GetDatabaseCommand({ Name: 'no_such_db' })),
        () => client().send(new GetTablesCommand({ DatabaseName: 'no_such_db' })),
      ])
        expect((await failureOf(call())).name).toBe('EntityNotFoundException');
    });
  });
}
