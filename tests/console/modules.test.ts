import { describe, expect, it } from 'vitest';
import type { Client, Event, SourceSummary } from '../../client/generated.ts';
import { ProblemError } from '../../client/problemError.ts';
import { connectors } from '../../connectors/registry.ts';
import { SourcesStore } from '../../console/data/sourcesStore.ts';
import {
  connectionFields,
  credentialsOf,
  takesUploads,
} from '../../console/pages/add/connectionDraft.ts';
import { cronOf, partsOf } from '../../console/pages/add/scheduleParts.ts';
import { fieldsOf, parseTyped, typedOf } from '../../console/pages/add/schema.ts';
import { filterSources, sortSources } from '../../console/pages/sources/listView.ts';
import { bytesText, keyOf, relativeText, secondsText, usdText } from '../../console/text/format.ts';
import { connectorDetailsOf } from '../../shared/sources/describeConnector.ts';

const source = (name: string, more: Partial<SourceSummary> = {}): SourceSummary =>
  ({
    id: name,
    key: name.toLowerCase(),
    name,
    description: '',
    connector: 'postgres',
    table: '',
    tags: [],
    health: 'synced',
    status: 'active',
    recordCount: 0,
    lastSyncAt: null,
    nextRunAt: null,
    ...more,
  }) as unknown as SourceSummary;

const everything = { search: '', health: '', connector: '', status: '', tag: '' };
const names = (sources: readonly SourceSummary[]) => sources.map(({ name }) => name);

describe('the list of sources', () => {
  const sources = [
    source('Orders 10', { tags: ['shop'], recordCount: 5, health: 'failed' }),
    source('orders 9', { connector: 'mysql', recordCount: 70 }),
    source('Zoo', { description: 'all ORDERS of animals', lastSyncAt: '2026-01-01T00:00:00Z' }),
  ];

  it('finds sources that have every word somewhere, in small letters or large', () => {
    expect(names(filterSources(sources, { ...everything, search: 'orders' }))).toHaveLength(3);
    expect(names(filterSources(sources, { ...everything, search: 'ORD mysql' }))).toEqual([
      'orders 9',
    ]);
    expect(names(filterSources(sources, { ...everything, tag: 'shop' }))).toEqual(['Orders 10']);
    expect(names(filterSources(sources, { ...everything, health: 'synced' }))).toHaveLength(2);
    expect(filterSources(sources, { ...everything, search: 'nothing' })).toEqual([]);
  });

  it('sorts numbers in names as numbers, and what failed before what is well', () => {
    const by = (column: string, descending = false) =>
      names(sortSources(sources, { by: column, descending }));
    expect(by('name')).toEqual(['orders 9', 'Orders 10', 'Zoo']);
    expect(by('rows', true)).toEqual(['orders 9', 'Orders 10', 'Zoo']);
    expect(by('health')[0]).toBe('Orders 10');
    expect(by('lastSync', true)[0]).toBe('Zoo');
    expect(by('no such column')).toEqual(names(sources));
  });
});

describe('the list of sources, as events come', () => {
  /** An API of as many sources, and what it was asked. */
  async function listOf(count: number) {
    const all = Array.from({ length: count }, (_, index) => source(`s${index}`));
    const asked: string[] = [];
    const client = {
      listSources: async ({ query }: { query: { limit: number; cursor?: string } }) => {
        const from = Number(query.cursor ?? 0);
        const end = from + query.limit;
        asked.push(`page ${from}`);
        return {
          data: all.slice(from, end),
          pagination: { total: all.length, nextCursor: end < all.length ? String(end) : null },
        };
      },
      getSource: async ({ idOrKey }: { idOrKey: string }) => {
        asked.push(idOrKey);
        const found = all.find(({ id }) => id === idOrKey);
        if (found === undefined) throw new ProblemError(gone);
        return found;
      },
    } as unknown as Client;
    const store = new SourcesStore(client);
    let drawn = 0;
    await store.load();
    asked.length = 0;
    store.subscribe(() => {
      drawn += 1;
    });
    const tell = (ids: readonly string[], type: Event['type'] = 'source_changed') =>
      Promise.all(ids.map((sourceId) => store.take({ type, sourceId } as Event)));
    return { all, asked, store, tell, drawn: () => drawn };
  }
  const gone = { status: 404, code: 'not_found', title: 'Not found', type: 'about:blank' } as const;

  it('asks once for a source that several events tell of, and not for its progress', async () => {
    const { all, asked, store, tell, drawn } = await listOf(30);
    all[3] = { ...all[3]!, health: 'failed' };
    await tell(['s3', 's3', 's3']);
    await tell(['s4'], 'sync_progress');
    expect(asked).toEqual(['s3']);
    expect(drawn()).toBe(1);
    expect(store.read().sources[3]?.health).toBe('failed');
  });

  it('reads pages, not sources one by one, when hundreds change together', async () => {
    const { all, asked, store, tell } = await listOf(1_000);
    const ids = Array.from({ length: 300 }, (_, index) => `s${index}`);
    for (const [index] of ids.entries()) all[index] = { ...all[index]!, health: 'syncing' };
    await tell(ids);
    expect(asked.every((each) => each.startsWith('page'))).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(5);
    expect(store.read().sources.filter(({ health }) => health === 'syncing')).toHaveLength(300);
  });

  it('shows new sources and takes away those that are gone', async () => {
    const { all, store, tell } = await listOf(5);
    all.splice(1, 1);
    all.push(source('s9'));
    await tell(['s1', 's9']);
    expect(names(store.read().sources)).toEqual(['s0', 's2', 's3', 's4', 's9']);
    expect(store.read().total).toBe(5);
  });
});

describe('a schedule', () => {
  it('is shown by the same controls that make it', () => {
    for (const cron of [
      '*/15 * * * *',
      '0 * * * *',
      '0 */6 * * *',
      '30 2 * * *',
      '5 0 * * MON-FRI',
      '0 12 * * SUN',
      '45 23 28 * *',
      '0 9-17 * * MON',
      '0 12 L * ? 2030',
    ])
      expect(cronOf(partsOf({ cron, timezone: 'UTC' })), cron).toBe(cron);
    expect(cronOf(partsOf(null))).toBe(null);
    expect(partsOf({ cron: '0 9-17 * * MON', timezone: 'UTC' }).preset).toBe('cron');
    expect(partsOf({ cron: '30 2 * * *', timezone: 'UTC' })).toMatchObject({
      preset: 'daily',
      time: '02:30',
    });
  });
});

describe('a form drawn from a connector’s schema', () => {
  const details = connectors.map(connectorDetailsOf);

  it('has a control with a title for every field of every connector', () => {
    expect(details.length).toBeGreaterThan(5);
    for (const connector of details) {
      const { config, methods } = connectionFields(connector);
      for (const { name, title } of [...config, ...methods.flatMap(({ fields }) => fields)])
        expect(title, `${connector.name}.${name}`).not.toBe('');
      const asked = new Set(methods.flatMap(({ fields }) => fields.map(({ name }) => name)));
      for (const { name } of connector.authFields)
        expect([...asked], connector.name).toContain(name);
    }
  });

  it('gives back the values it was given', () => {
    // Nothing typed leaves the field out, and the connector's own default holds.
    for (const { configSchema, credentialsSchema } of details)
      for (const field of [...fieldsOf(configSchema), ...fieldsOf(credentialsSchema)])
        if (typedOf(field, field.default) !== '')
          expect(parseTyped(field, typedOf(field, field.default)), field.name).toEqual(
            field.default,
          );
  });

  it('sends only what the chosen way to sign in asks for', () => {
    const postgres = details.find(({ name }) => name === 'postgres')!;
    const fields = connectionFields(postgres);
    const typed = { user: 'reader', password: 'p', clientKey: 'k', clientCertificate: 'c' };
    expect(credentialsOf(fields, 'password', typed)).toEqual({ user: 'reader', password: 'p' });
    expect(Object.keys(credentialsOf(fields, 'key', typed) ?? {})).not.toContain('password');
    expect(takesUploads(postgres)).toBe(false);
    expect(takesUploads(details.find(({ name }) => name === 'csv_upload')!)).toBe(true);
  });

  it('refuses text that is no value, and leaves out what is empty', () => {
    const field = (control: object) => ({ ...fieldsOf({})[0]!, control }) as never;
    expect(parseTyped(field({ kind: 'text' }), '  ')).toBe(undefined);
    expect(() => parseTyped(field({ kind: 'json' }), '{')).toThrow('not JSON');
    expect(() => parseTyped(field({ kind: 'pairs' }), 'a')).toThrow('name = value');
    expect(parseTyped(field({ kind: 'pairs' }), 'a = b=c\n')).toEqual({ a: 'b=c' });
    expect(parseTyped(field({ kind: 'list' }), 'a, b\nc')).toEqual(['a', 'b', 'c']);
    expect(parseTyped(field({ kind: 'number' }), '5432')).toBe(5432);
  });
});

describe('texts', () => {
  it('says sizes, times and prices as people do', () => {
    expect([bytesText(0), bytesText(999), bytesText(1_234_567)]).toEqual([
      '0 B',
      '999 B',
      '1.2 MB',
    ]);
    expect([secondsText(0.31), secondsText(75), secondsText(7_260)]).toEqual([
      '0.3 s',
      '1 min 15 s',
      '2 h 1 min',
    ]);
    expect([usdText(0), usdText(0.000081), usdText(1.5)]).toEqual(['$0', '$0.000081', '$1.50']);
    const now = Date.parse('2026-01-02T00:00:00Z');
    expect(relativeText('2026-01-01T21:00:00Z', now)).toBe('3 hours ago');
    expect(relativeText('2026-01-02T00:30:00Z', now)).toBe('in 30 minutes');
    expect(relativeText('2026-01-02T00:00:08Z', now)).toBe('just now');
  });

  it('makes a key of a name in any script that has Latin letters', () => {
    expect(keyOf('  Überweisungen & Co. 2026! ')).toBe('uberweisungen_co_2026');
  });
});
