import localFiles from '../../../connectors/local_files.ts';
import type { Connector } from '../../../shared/connectors/connector.ts';
import { allFiles } from '../../../shared/files/files.ts';
import type { RunItem } from '../../../shared/runs/runItem.ts';
import type { SourceItem } from '../../../shared/sources/sourceItem.ts';
import { fanOutWorld, type WorldOptions } from '../fanout/fanOutWorld.ts';

/** The deployed state machine and real functions over files, with words for what became of them. */
export async function fileWorld(options: Partial<WorldOptions> = {}) {
  const world = await fanOutWorld({
    connector: localFiles as unknown as Connector,
    ...options,
  });
  return Object.assign(world, {
    /** `name status rows`, with the file it is a duplicate of, oldest version first. */
    async files({ tenant, sourceId }: SourceItem): Promise<readonly string[]> {
      const found: string[] = [];
      for await (const page of allFiles(world.table, tenant, sourceId))
        for (const { file, status } of page.toSorted((a, b) =>
          a.file.modifiedAt.localeCompare(b.file.modifiedAt),
        )) {
          const of = file.duplicateOf === undefined ? '' : ` as ${file.duplicateOf.name}`;
          found.push(
            `${file.name} ${status}${file.rows === undefined ? '' : ` ${file.rows}`}${of}`,
          );
        }
      return found;
    },
    /** Values of the column `id`, sorted, each with the file it came from. */
    async ids(source: SourceItem): Promise<readonly string[]> {
      const rows = await world.rows(source);
      return rows.map((row) => `${row['id']} ${row['_source_file']}`).sort();
    },
    counted: ({ status, result, counts: { read, written }, files }: RunItem) => ({
      status,
      result,
      read,
      written,
      ...files,
    }),
  });
}
export type FileWorld = Awaited<ReturnType<typeof fileWorld>>;
