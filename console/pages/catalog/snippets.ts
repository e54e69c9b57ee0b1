import type { Table } from '../../../client/generated.ts';

/** How to read a table elsewhere: title, and text to copy. `metadata` is the address of its Iceberg metadata. */
export function snippetsOf(
  table: Pick<Table, 'name' | 'location' | 'metadataLocation'>,
  tenant: string,
): readonly { readonly id: string; readonly title: string; readonly text: string }[] {
  // As the Glue mirror names it; names with other characters get a hash there, which Glue shows.
  const glueName = [tenant, ...table.name.split('.')].join('__');
  const bucket = /^s3:\/\/([^/]+)/.exec(table.location)?.[0] ?? 's3://<lake bucket>';
  const metadata =
    table.metadataLocation === null
      ? `${table.location}/metadata/…`
      : table.metadataLocation.startsWith('s3://')
        ? table.metadataLocation
        : `${bucket}/${table.metadataLocation}`;
  return [
    {
      id: 'athena',
      title: 'Athena',
      text: `-- In the Glue database of your stage, e.g. headgate_dev\nSELECT *\nFROM headgate_dev."${glueName}"\nLIMIT 100;`,
    },
    {
      id: 'spark',
      title: 'Spark',
      text: `df = spark.read.format("iceberg").load("${metadata}")\ndf.show()`,
    },
    {
      id: 'duckdb',
      title: 'DuckDB',
      text: `INSTALL iceberg; LOAD iceberg;\nSELECT * FROM iceberg_scan('${metadata}') LIMIT 100;`,
    },
    {
      id: 'pyiceberg',
      title: 'PyIceberg',
      text: `from pyiceberg.table import StaticTable\n\ntable = StaticTable.from_metadata("${metadata}")\nprint(table.scan(limit=100).to_pandas())`,
    },
  ];
}
