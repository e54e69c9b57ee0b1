import {
  AlreadyExistsException,
  ConcurrentModificationException,
  CreateTableCommand,
  DeleteTableCommand,
  EntityNotFoundException,
  GetTableCommand,
  type GlueClient,
  type Table,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  isEntryOf,
  type MirroredTable,
  metadataLocationOf,
  standingOf,
  tableInput,
} from './glueTable.ts';

export interface Catalog {
  readonly client: GlueClient;
  readonly database: string;
}

export interface Mirrored {
  /** `foreign`: the entry is not ours and was left alone. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'foreign';
  /** The metadata file the catalogue names now. */
  readonly metadataLocation: string | null;
}

/** Tries when another writer changes the entry between our read and our write. */
const maxTries = 4;

/**
 * Brings one entry of the catalogue up to a commit, never back, and never over somebody else's: it is written only
 * at the version that was read (optimistic locking), as Athena commits too. Throws what Glue throws.
 */
export async function mirrorTable(
  catalog: Catalog,
  table: MirroredTable,
  signal: AbortSignal,
): Promise<Mirrored> {
  for (let tries = 1; ; tries++) {
    const entry = await getTable(catalog, table.name, signal);
    const standing = entry === null ? 'behind' : standingOf(entry, table);
    if (standing !== 'behind')
      return {
        outcome: standing === 'current' ? 'unchanged' : 'foreign',
        metadataLocation: metadataLocationOf(entry),
      };
    try {
      await write(catalog, entry, table, signal);
      return {
        outcome: entry === null ? 'created' : 'updated',
        metadataLocation: table.metadataLocation,
      };
    } catch (error) {
      const changedMeanwhile =
        error instanceof ConcurrentModificationException ||
        error instanceof AlreadyExistsException ||
        (error instanceof EntityNotFoundException && entry !== null);
      if (!changedMeanwhile || tries === maxTries) throw error;
    }
  }
}

/**
 * Drops the entry of a stream that is gone, if it is still this stream's and nobody else committed to it. Answers
 * whether it was. The files are not touched.
 */
export async function dropTable(
  catalog: Catalog,
  table: Pick<MirroredTable, 'name' | 'sourceId' | 'stream'>,
  signal: AbortSignal,
): Promise<boolean> {
  const entry = await getTable(catalog, table.name, signal);
  if (entry === null || !isEntryOf(entry, table)) return false;
  const { client, database } = catalog;
  try {
    await client.send(new DeleteTableCommand({ DatabaseName: database, Name: table.name }), {
      abortSignal: signal,
    });
  } catch (error) {
    if (!(error instanceof EntityNotFoundException)) throw error;
  }
  return true;
}

/** The metadata file that the catalogue names for a table, whoever wrote it there; null without an entry. */
export const namedMetadata = async (
  catalog: Catalog,
  name: string,
  signal: AbortSignal,
): Promise<string | null> => metadataLocationOf(await getTable(catalog, name, signal));

async function getTable(
  { client, database }: Catalog,
  name: string,
  signal: AbortSignal,
): Promise<Table | null> {
  try {
    const { Table } = await client.send(
      new GetTableCommand({ DatabaseName: database, Name: name }),
      { abortSignal: signal },
    );
    return Table ?? null;
  } catch (error) {
    if (error instanceof EntityNotFoundException) return null;
    throw error;
  }
}

async function write(
  { client, database }: Catalog,
  entry: Table | null,
  table: MirroredTable,
  signal: AbortSignal,
): Promise<void> {
  const common = { DatabaseName: database, TableInput: tableInput(entry, table) };
  const options = { abortSignal: signal };
  if (entry === null) await client.send(new CreateTableCommand(common), options);
  else
    await client.send(
      new UpdateTableCommand({
        ...common,
        ...(entry.VersionId === undefined ? {} : { VersionId: entry.VersionId }),
        // Every commit would else leave an archived version, and Glue bills and limits those.
        SkipArchive: true,
      }),
      options,
    );
}
