import * as z from 'zod';
import type { Log } from '../../shared/log.ts';
import { type LocalService, localAccount } from '../localService.ts';
import { AwsError } from '../protocol/awsError.ts';
import { jsonService, type Operation, operation } from '../protocol/jsonService.ts';
import { inTransaction } from '../protocol/sqlite.ts';
import { Catalog, type CatalogTable } from './catalog.ts';

export interface LocalGlueOptions {
  readonly folder: string;
  readonly now?: () => number;
  readonly log?: Log;
}

/** The embedded Glue: the data catalogue's databases and tables, with optimistic locking. */
export function openGlue(options: LocalGlueOptions): LocalService {
  const catalog = new Catalog(options.folder, options.now ?? Date.now);
  return jsonService({
    name: 'glue',
    target: 'AWSGlue',
    jsonVersion: '1.1',
    operations: operationsOf(catalog),
    log: options.log,
    close: () => {
      if (catalog.database.isOpen) catalog.database.close();
    },
  });
}

const catalogId = { CatalogId: z.literal(localAccount.accountId).optional() };
const inDatabase = z.strictObject({ ...catalogId, DatabaseName: z.string().min(1) });
const paging = { MaxResults: z.int().min(1).max(100).optional(), NextToken: z.string().optional() };

/** Glue folds names to lower case. */
const databaseInput = z.strictObject({
  Name: z.string().min(1).max(255).toLowerCase(),
  Description: z.string().optional(),
  LocationUri: z.string().optional(),
  Parameters: z.record(z.string(), z.string()).optional(),
});
const column = z.strictObject({
  Name: z.string().min(1).max(255),
  Type: z.string().optional(),
  Comment: z.string().max(255).optional(),
  Parameters: z.record(z.string(), z.string()).optional(),
});
const tableInput = z.strictObject({
  Name: z.string().min(1).max(255).toLowerCase(),
  Description: z.string().optional(),
  Owner: z.string().optional(),
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  Retention: z.int().optional(),
  StorageDescriptor: z
    .looseObject({ Columns: z.array(column).optional(), Location: z.string().optional() })
    .optional(),
  PartitionKeys: z.array(column).optional(),
  TableType: z.string().optional(),
  Parameters: z.record(z.string(), z.string()).optional(),
});

const operationsOf = (catalog: Catalog): Record<string, Operation> => {
  /** Each request is one transaction. */
  const on = <Schema extends z.ZodType>(
    schema: Schema,
    run: (input: z.infer<Schema>) => unknown,
  ): Operation => operation(schema, (input) => inTransaction(catalog.database, () => run(input)));
  const named = z.strictObject({ ...catalogId, Name: z.string().min(1) });
  return {
    CreateDatabase: on(
      z.strictObject({ ...catalogId, DatabaseInput: databaseInput }),
      ({ DatabaseInput }) => catalog.createDatabase(DatabaseInput),
    ),
    GetDatabase: on(named, ({ Name }) => ({ Database: catalog.describeDatabase(Name) })),
    GetDatabases: on(z.strictObject({ ...catalogId, ...paging }), (input) => {
      const { page, NextToken } = pageOf(catalog.databases(), input);
      return { DatabaseList: page, ...NextToken };
    }),
    DeleteDatabase: on(named, ({ Name }) => catalog.dropDatabase(Name)),
    CreateTable: on(inDatabase.extend({ TableInput: tableInput }), (input) =>
      catalog.createTable(input.DatabaseName, input.TableInput),
    ),
    GetTable: on(inDatabase.extend({ Name: z.string() }), ({ DatabaseName, Name }) => ({
      Table: answerOf(catalog.table(DatabaseName, Name)),
    })),
    GetTables: on(
      inDatabase.extend({ Expression: z.string().max(2048).optional(), ...paging }),
      ({ DatabaseName, Expression, ...rest }) => {
        const tables = catalog.tables(DatabaseName).filter(matching(Expression));
        const { page, NextToken } = pageOf(tables, rest);
        return { TableList: page.map(answerOf), ...NextToken };
      },
    ),
    UpdateTable: on(
      inDatabase.extend({
        TableInput: tableInput,
        VersionId: z.string().optional(),
        SkipArchive: z.boolean().optional(),
      }),
      ({ DatabaseName, TableInput, VersionId, SkipArchive }) =>
        catalog.updateTable(DatabaseName, TableInput, {
          expectedVersion: VersionId,
          archive: SkipArchive !== true,
        }),
    ),
    DeleteTable: on(inDatabase.extend({ Name: z.string() }), ({ DatabaseName, Name }) =>
      catalog.dropTable(DatabaseName, Name),
    ),
    GetTableVersions: on(
      inDatabase.extend({ TableName: z.string(), ...paging }),
      ({ DatabaseName, TableName, ...rest }) => {
        const versions = catalog.versions(DatabaseName, TableName);
        const { page, NextToken } = pageOf(versions, rest);
        const list = page.map((table) => ({ Table: answerOf(table), VersionId: table.version }));
        return { TableVersions: list, ...NextToken };
      },
    ),
  };
};

const answerOf = ({ input, database, created, updated, version }: CatalogTable): object => ({
  ...input,
  DatabaseName: database,
  CreateTime: created,
  UpdateTime: updated,
  VersionId: version,
  CatalogId: localAccount.accountId,
  IsRegisteredWithLakeFormation: false,
});

/** Glue's patterns are regular expressions over the whole name. */
function matching(expression: string | undefined): (table: CatalogTable) => boolean {
  if (expression === undefined || expression === '') return () => true;
  // `*` alone stands for anything, as in the catalogue's own console.
  const source = expression.replaceAll(/(^|[^.\])])\*/g, '$1.*');
  try {
    const pattern = new RegExp(`^(?:${source})$`);
    return ({ input }) => pattern.test(input.Name);
  } catch {
    throw new AwsError('InvalidInputException', `Invalid Expression ${expression}`);
  }
}

function pageOf<Entry>(
  all: readonly Entry[],
  {
    MaxResults = 100,
    NextToken,
  }: { MaxResults?: number | undefined; NextToken?: string | undefined },
): { readonly page: readonly Entry[]; readonly NextToken: { NextToken?: string } } {
  const from = NextToken === undefined ? 0 : Number(NextToken);
  const to = from + MaxResults;
  return { page: all.slice(from, to), NextToken: to < all.length ? { NextToken: String(to) } : {} };
}
