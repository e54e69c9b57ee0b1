import type { FileStatus } from '../files/fileItem.ts';
import { type FilePage, listFiles } from '../files/files.ts';
import type { ResolvedFile } from '../files/resolveFile.ts';
import type { Table } from '../table.ts';

type Position = NonNullable<FilePage['next']>;

/** Files read for one page at most, so that a filter that matches little cannot hold a request for ever. */
const maxLooks = 5000;

/**
 * One page of a source's files, by name, of one status or all. With a filter a page may be shorter than `limit`
 * although more follow; `next` says so.
 */
export async function listFilesPage(
  table: Table,
  tenant: string,
  sourceId: string,
  {
    limit,
    status,
    after,
  }: {
    readonly limit: number;
    readonly status: FileStatus | null;
    readonly after: Position | null;
  },
): Promise<{ readonly files: readonly ResolvedFile[]; readonly next: Position | null }> {
  const found: ResolvedFile[] = [];
  let from = after;
  for (let looked = 0; looked < maxLooks; ) {
    const page = await listFiles(table, tenant, sourceId, {
      limit: limit - found.length,
      ...(from === null ? {} : { after: from }),
    });
    looked += page.files.length;
    found.push(...page.files.filter((file) => status === null || file.status === status));
    from = page.next;
    if (from === null || found.length >= limit) break;
  }
  return { files: found, next: from };
}
