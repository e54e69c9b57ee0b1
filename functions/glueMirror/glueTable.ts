import type { Column, Table, TableInput } from '@aws-sdk/client-glue';
import type { ColumnType, Field } from '../../shared/lake/schema.ts';
import type { TablePointer } from '../../shared/lake/tablePointer.ts';

/** One table as the catalogue should show it. */
export interface MirroredTable {
  readonly name: string;
  readonly sourceId: string;
  readonly stream: string;
  /** `s3://bucket/prefix` of the data. */
  readonly location: string;
  /** `s3://bucket/key` of the metadata file. */
  readonly metadataLocation: string;
  readonly pointer: TablePointer;
  readonly schema: readonly Field[];
}

const parameter = {
  type: 'table_type',
  location: 'metadata_location',
  previous: 'previous_metadata_location',
  /** What this function wrote as `metadata_location`: another engine's commit leaves it behind. */
  own: 'headgate.metadata_location',
  source: 'headgate.source_id',
  stream: 'headgate.stream',
  version: 'headgate.version',
} as const;

export type Standing =
  /** The catalogue is behind: write. */
  | 'behind'
  /** It shows this commit, or a later one. */
  | 'current'
  /** Somebody else's: an engine committed through the catalogue, or the table was made by hand. */
  | 'foreign';

/** Where the catalogue's entry stands against the table. */
export function standingOf(entry: Table, table: MirroredTable): Standing {
  if (!isOurs(entry)) return 'foreign';
  // A table's name is unique in its tenant: another source's entry is that of one that was deleted.
  const version = Number(entry.Parameters?.[parameter.version]);
  return isEntryOf(entry, table) && version >= table.pointer.version ? 'current' : 'behind';
}

/** Whether the entry is this stream's, as this function wrote it. */
export const isEntryOf = (
  entry: Table,
  { sourceId, stream }: Pick<MirroredTable, 'sourceId' | 'stream'>,
): boolean =>
  isOurs(entry) &&
  entry.Parameters?.[parameter.source] === sourceId &&
  entry.Parameters[parameter.stream] === stream;

function isOurs({ Parameters: found = {} }: Table): boolean {
  const own = found[parameter.own];
  return (
    found[parameter.type]?.toUpperCase() === 'ICEBERG' &&
    own !== undefined &&
    own === found[parameter.location]
  );
}

/** The metadata file an entry names, or null. */
export const metadataLocationOf = (entry: Table | null): string | null =>
  entry?.Parameters?.[parameter.location] ?? null;

/** What CreateTable or UpdateTable is given. What others wrote into the entry besides is kept. */
export function tableInput(entry: Table | null, table: MirroredTable): TableInput {
  const previous = metadataLocationOf(entry);
  return {
    Name: table.name,
    ...(entry?.Description === undefined ? {} : { Description: entry.Description }),
    ...(entry?.Owner === undefined ? {} : { Owner: entry.Owner }),
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      ...entry?.Parameters,
      [parameter.type]: 'ICEBERG',
      [parameter.location]: table.metadataLocation,
      ...(previous === null ? {} : { [parameter.previous]: previous }),
      [parameter.own]: table.metadataLocation,
      [parameter.source]: table.sourceId,
      [parameter.stream]: table.stream,
      [parameter.version]: String(table.pointer.version),
    },
    StorageDescriptor: { Location: table.location, Columns: table.schema.map(glueColumn) },
  };
}

const longestComment = 255;

/** For people and for engines that look at the catalogue first; Iceberg readers go by the metadata file. */
function glueColumn({ id, name, type, doc }: Field): Column {
  // Glue takes a single line.
  const comment = doc
    ?.replace(/\p{Control}/gu, ' ')
    .slice(0, longestComment)
    .toWellFormed();
  return {
    Name: name,
    Type: glueType(type),
    ...(comment === undefined ? {} : { Comment: comment }),
    Parameters: {
      'iceberg.field.id': String(id),
      'iceberg.field.optional': 'true',
      'iceberg.field.current': 'true',
    },
  };
}

/** Hive's names. It has one timestamp, without a zone. */
function glueType(type: ColumnType): string {
  if (type === 'long') return 'bigint';
  if (type === 'timestamptz') return 'timestamp';
  return type.replaceAll(' ', '');
}
