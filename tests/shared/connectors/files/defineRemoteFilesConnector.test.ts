import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Connector, FileRef } from '../../../../shared/connectors/connector.ts';
import { defineRemoteFilesConnector } from '../../../../shared/connectors/files/defineRemoteFilesConnector.ts';
import { mostSeen } from '../../../../shared/connectors/files/fileLedger.ts';
import type { ListedFile } from '../../../../shared/connectors/files/fileStore.ts';
import {
  formatOfFiles,
  remoteFilesConfig,
} from '../../../../shared/connectors/files/remoteFilesConfig.ts';
import { HeadgateError } from '../../../../shared/errors.ts';
import { bytesOfFirst, filesContext, readFiles } from '../../../connectors/remoteFilesExample.ts';
import { seeded } from '../../../randomness.ts';

/** A place in memory: names to versions, times in seconds. */
class Place {
  readonly files = new Map<string, ListedFile>();
  readonly content = Buffer.from('0123456789'.repeat(100));
  /** The next openings break off after so many bytes. */
  breaks: number[] = [];
  readonly opened: number[] = [];

  put(name: string, seconds: number, version = `v${seconds}`): void {
    const bytes = this.content.length;
    this.files.set(name, { name, versionId: version, bytes, modifiedAt: new Date(seconds * 1000) });
  }

  connector(settleSeconds = 0): Connector {
    const place = this;
    return defineRemoteFilesConnector({
      name: 'place',
      title: 'Place',
      description: 'In memory.',
      docs: 'https://example.com',
      authMethods: [],
      config: remoteFilesConfig,
      credentials: z.strictObject({}),
      formatOf: formatOfFiles,
      placeOf: () => 'memory',
      settleSeconds: () => settleSeconds,
      openStore: () => ({
        async *list() {
          const all = [...place.files.values()];
          // Pages in an order of their own, and one file twice.
          for (let at = all.length; at > 0; at -= 500) yield all.slice(Math.max(0, at - 500), at);
          yield all.slice(0, 1);
        },
        async *open({ bytes }: FileRef, from: number) {
          place.opened.push(from);
          const most = place.breaks.shift();
          yield place.content.subarray(from, most === undefined ? bytes : from + most);
          if (most !== undefined) throw new HeadgateError('source_unreachable', 'it broke');
        },
      }),
    }) as unknown as Connector;
  }
}

const contextOf = (connector: Connector, config: object = {}) =>
  filesContext(connector, config, {}, { now: () => new Date(1_000_000_000) });

describe('files that lie elsewhere', () => {
  it('are delivered by their times, each once, and only those that can be read', async () => {
    const place = new Place();
    place.put('b.csv', 2);
    place.put('a.csv', 3);
    place.put('a/c.parquet', 1);
    for (const name of ['x.md', '.hidden/a.csv', '_SUCCESS', 'folder/']) place.put(name, 1);
    place.files.set('empty.csv', { ...place.files.get('b.csv')!, name: 'empty.csv', bytes: 0 });
    const connector = place.connector();
    const { names, checkpoint } = await readFiles(connector, contextOf(connector));
    expect(names).toEqual(['a/c.parquet', 'b.csv', 'a.csv']);
    expect((await readFiles(connector, contextOf(connector), checkpoint)).batches).toEqual([]);
    const chosen = await readFiles(connector, contextOf(connector, { pattern: '*.md' }));
    expect(chosen.names).toEqual(['x.md']);
  });

  it('that show up late with an old time are found, and what changed takes the place of its rows', async () => {
    const place = new Place();
    for (const seconds of [10, 20, 30]) place.put(`${seconds}.csv`, seconds);
    const connector = place.connector();
    const first = await readFiles(connector, contextOf(connector));
    expect(first.replaced).toEqual([]);
    place.put('late.csv', 1);
    place.put('20.csv', 20, 'another');
    const second = await readFiles(connector, contextOf(connector), first.checkpoint);
    expect(second.names).toEqual(['late.csv', '20.csv']);
    expect(second.replaced).toEqual(['20.csv']);
  });

  it('are told one by one up to a number, and by a time beyond it, without losing one in the middle of a read', async () => {
    const place = new Place();
    const random = seeded('files of a place');
    const count = mostSeen + 700;
    for (let index = 0; index < count; index += 1)
      // Many share their second.
      place.put(`${random.below(1e9)}-${index}.csv`, 1_000 + Math.floor(index / 40));
    const connector = place.connector();
    // Stopped and gone on with a few times, and in its middle another file comes.
    let checkpoint: unknown = null;
    const seen = new Set<string>();
    for (let stops = 0; ; stops += 1) {
      let delivered = 0;
      let isOver = true;
      for await (const batch of connector.read(
        contextOf(connector),
        {
          name: 'files',
          mode: 'incremental',
          primaryKey: [],
          cursorField: null,
          columns: null,
          window: null,
        },
        checkpoint,
      )) {
        if (batch.body.kind === 'file') {
          expect(seen.has(batch.body.file.name)).toBe(false);
          expect(batch.replacesFile).toBeUndefined();
          seen.add(batch.body.file.name);
        }
        checkpoint = JSON.parse(JSON.stringify(batch.checkpoint));
        delivered += 1;
        if (delivered === 900) {
          isOver = false;
          break;
        }
      }
      if (isOver) break;
      if (stops === 0) place.put('comes-meanwhile.csv', 9_000);
    }
    expect(seen.size).toBe(count);
    expect(JSON.stringify(checkpoint).length).toBeLessThan(32 * 1024);
    // New files are found as before; they may have been there, for all that is known.
    place.put('new.csv', 9_001);
    place.put('late-but-not-too-late.csv', 1_000 + Math.floor(count / 40) - 1);
    const next = await readFiles(connector, contextOf(connector), checkpoint);
    expect(next.names).toEqual(['late-but-not-too-late.csv', 'comes-meanwhile.csv', 'new.csv']);
    expect(next.replaced).toEqual(next.names);
    const last = await readFiles(connector, contextOf(connector), next.checkpoint);
    expect(last.names).toEqual([]);
  });

  it('that could not be loaded come again with the next read, and not with the same one', async () => {
    const place = new Place();
    for (const seconds of [1, 2, 3]) place.put(`${seconds}.csv`, seconds);
    const connector = place.connector();
    const { batches } = await readFiles(connector, contextOf(connector));
    const after = (index: number) => batches[index]!.checkpoint;
    const unfinished = connector.forgetFiles!(after(1), ['1.csv']);
    const rest = await readFiles(connector, contextOf(connector), unfinished);
    expect(rest.names).toEqual(['3.csv']);
    const next = await readFiles(connector, contextOf(connector), rest.checkpoint);
    expect(next.names).toEqual(['1.csv']);
    expect((await readFiles(connector, contextOf(connector), next.checkpoint)).names).toEqual([]);
  });

  it('that are gone take their rows with them where that is wanted, and never all of them', async () => {
    const place = new Place();
    for (const seconds of [1, 2, 3]) place.put(`${seconds}.csv`, seconds);
    const connector = place.connector();
    const { checkpoint } = await readFiles(connector, contextOf(connector));
    place.files.delete('2.csv');
    const kept = await readFiles(connector, contextOf(connector), checkpoint);
    expect(kept.batches).toEqual([]);
    const context = contextOf(connector, { removed: 'delete' });
    const { batches, checkpoint: next } = await readFiles(connector, context, checkpoint);
    const isGone = batches[0]?.removesFiles;
    expect(['1.csv', '2.csv', '3.csv'].filter((name) => isGone?.(name))).toEqual(['2.csv']);
    expect((await readFiles(connector, context, next)).batches).toEqual([]);
    // It is another file when it comes back.
    place.put('2.csv', 2);
    expect((await readFiles(connector, context, next)).names).toEqual(['2.csv']);
    place.files.clear();
    expect((await readFiles(connector, context, next)).batches).toEqual([]);
  });

  it('that are younger than they should be wait', async () => {
    const place = new Place();
    place.put('old.csv', 1_000_000 - 61);
    place.put('young.csv', 1_000_000 - 59);
    const connector = place.connector(60);
    expect((await readFiles(connector, contextOf(connector))).names).toEqual(['old.csv']);
  });

  it('are read on from where a connection broke, until it breaks without a byte too often', async () => {
    const place = new Place();
    place.put('a.csv', 1);
    const connector = place.connector();
    const { batches } = await readFiles(connector, contextOf(connector));
    place.breaks = [300, 0, 0, 200];
    expect((await bytesOfFirst(batches)).equals(place.content)).toBe(true);
    expect(place.opened).toEqual([0, 300, 300, 300, 500]);
    place.breaks = [10, 0, 0, 0, 0, 0];
    await expect(bytesOfFirst(batches)).rejects.toMatchObject({ code: 'source_unreachable' });
  });

  it('are opened again by name, and read by those that are given to a part of the work', async () => {
    const place = new Place();
    for (const seconds of [1, 2, 3]) place.put(`${seconds}.csv`, seconds);
    const connector = place.connector();
    const context = contextOf(connector);
    const given = ['3.csv', '1.csv'].map((name) =>
      connector.openFile!(context, place.files.get(name)!),
    );
    const landing = {
      async *pending() {
        yield* given;
      },
    };
    const { names, batches } = await readFiles(connector, { ...context, landing });
    expect(names).toEqual(['3.csv', '1.csv']);
    const rest = await readFiles(connector, { ...context, landing }, batches[0]?.checkpoint);
    expect(rest.names).toEqual(['1.csv']);
  });
});
