import { icebergManifests, icebergRead } from 'icebird';
import { vi } from 'vitest';
import { parseTableMetadata } from '../../../shared/lake/tableMetadata.ts';
import type { TablePointer } from '../../../shared/lake/tablePointer.ts';
import type { MemoryStore } from './memoryStore.ts';

/**
 * icebird reads over `fetch`, with `s3://bucket/key` as `https://bucket.s3.amazonaws.com/key`. This answers such
 * requests, ranges included, from a store in memory.
 */
export function serveToIcebird(store: MemoryStore): void {
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const { hostname, pathname } = new URL(url);
    const body = store.objects.get(decodeURIComponent(pathname.slice(1)));
    if (hostname !== `${store.bucket}.s3.amazonaws.com` || body === undefined)
      return new Response(null, { status: 404 });
    const range = /^bytes=(\d+)-(\d*)$/.exec(new Headers(init?.headers).get('range') ?? '');
    if (range === null) return new Response(Buffer.from(body));
    const [, from = '0', to = ''] = range;
    const part = body.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
    return new Response(Buffer.from(part), { status: 206 });
  });
}

/** All rows of a snapshot (the current one unless told) as icebird reads them. */
export async function readWithIcebird(
  store: MemoryStore,
  pointer: TablePointer,
  snapshotId?: string,
): Promise<Record<string, unknown>[]> {
  const text = Buffer.from(store.objects.get(pointer.metadataKey) ?? '').toString();
  const metadata = parseTableMetadata(text);
  const snapshot = metadata.snapshots.find(
    (each) => String(each['snapshot-id']) === (snapshotId ?? pointer.snapshotId),
  );
  if (snapshot === undefined) throw new Error(`no snapshot ${snapshotId}`);
  const asOf = {
    ...metadata,
    'current-snapshot-id': snapshot['snapshot-id'],
    // Time travel reads with the snapshot's schema, the present with the table's.
    ...(snapshotId === undefined ? {} : { 'current-schema-id': snapshot['schema-id'] }),
  } as unknown as Parameters<typeof icebergManifests>[0];
  if (snapshot.summary['total-records'] === '0') {
    const manifests = await icebergManifests(asOf);
    return manifests.flatMap(({ entries }) => entries.filter(({ status }) => status !== 2)) as [];
  }
  return await icebergRead({ tableUrl: String(metadata.location), metadata: asOf });
}
