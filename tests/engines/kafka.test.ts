import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { makeKafka } from '../../connectors/kafka.ts';
import type { Connector, Context, StreamRequest } from '../../shared/connectors/connector.ts';
import type { LogCheckpoint } from '../../shared/connectors/logs/logCheckpoint.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { describeConnector } from '../connectors/conformance.ts';
import { type Row, readBatch } from '../connectors/readBatch.ts';
import { type LakeTable, lakeReader } from '../lakeReader.ts';
import { startHeadgate } from '../startHeadgate.ts';
import { watchHeadgate } from '../watchHeadgate.ts';
import { findKafka, type KafkaBroker, startKafka } from './startKafka.ts';

const password = 'reader-canary-5d02e1';
const found = await findKafka();
const kafka = 'jars' in found ? await startKafka(found.jars, password) : null;
if ('missing' in found)
  it(`does without Kafka, which is not here: ${found.missing}`, () => {
    console.log(`Kafka is not here: ${found.missing}`);
  });
afterAll(() => kafka?.[Symbol.asyncDispose]());

const connector = makeKafka({ rows: 4 }) as Connector;

type Message = {
  readonly key?: string;
  readonly value: string | null;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
};

async function send(
  broker: KafkaBroker,
  topic: string,
  messages: readonly Message[],
  options: object = {},
): Promise<void> {
  await broker.producer.send({ messages: wired(topic, messages), ...options });
}
const wired = (topic: string, messages: readonly Message[]) =>
  messages.map(({ key, value, partition = 0, headers = {} }) => ({
    topic,
    partition,
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
    value: (value === null ? null : Buffer.from(value)) as Buffer,
    headers: new Map(
      Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]),
    ),
  }));

function contextOf(
  config: object,
  over: Partial<Context<unknown, unknown>> = {},
): Context<unknown, unknown> {
  return {
    config: connector.config.parse({ sslmode: 'disable', ...config }),
    credentials: {},
    fetch: () => Promise.reject(new Error('no HTTP here')),
    resolveHost: async (host) => (host === 'localhost' ? '127.0.0.1' : host),
    now: () => new Date(),
    sleep: (milliseconds) => sleep(milliseconds),
    signal: new AbortController().signal,
    log: createLog(() => {}),
    ...over,
  };
}

interface Read {
  readonly rows: readonly Row[];
  readonly tombstones: readonly Row[];
  readonly last: LogCheckpoint;
}
async function readAll(
  context: Context<unknown, unknown>,
  name: string,
  from: LogCheckpoint | null = null,
  over: Partial<StreamRequest> = {},
): Promise<Read> {
  const [rows, tombstones]: [Row[], Row[]] = [[], []];
  let last: unknown = null;
  const request: StreamRequest = {
    name,
    mode: 'incremental',
    primaryKey: ['_partition', '_offset'],
    cursorField: null,
    columns: null,
    window: null,
    ...over,
  };
  for await (const batch of connector.read(context, request, from)) {
    (batch.tombstones === true ? tombstones : rows).push(...(await readBatch(batch, null)));
    last = batch.checkpoint;
  }
  return { rows, tombstones, last: connector.checkpoint.parse(last) as LogCheckpoint };
}

if (kafka !== null) {
  await kafka.admin.createTopics({ topics: ['orders'], partitions: 3, replicas: 1 });
  await kafka.admin.createTopics({ topics: ['salaries'], partitions: 1, replicas: 1 });
  await kafka.admin.createAcls({
    creations: [
      {
        resourceType: 2,
        resourceName: 'salaries',
        resourcePatternType: 3,
        principal: 'User:somebody',
        host: '*',
        operation: 2,
        permissionType: 3,
      },
    ],
  });
  const orders = (from: number, to: number): readonly Message[] =>
    Array.from({ length: to - from }, (_, index) => ({
      key: `k${from + index}`,
      value: JSON.stringify({ id: from + index }),
      partition: (from + index) % 3,
    }));
  await send(kafka, 'orders', orders(0, 13));
  const identify = (row: Row): string => `${row['_partition']} ${row['_key']} ${row['id']}`;
  const told = (messages: readonly Message[]): readonly string[] =>
    messages.map(({ key, partition }) => `${partition} ${key} ${key?.slice(1)}`);

  describeConnector({
    connector,
    config: {
      brokers: [kafka.sasl],
      sslmode: 'disable',
      sasl: 'scram-sha-512',
      topics: ['orders'],
    },
    credentials: { user: 'reader', password },
    surroundings: () => ({ resolveHost: async (host) => host, sleep: (ms) => sleep(ms) }),
    stream: {
      name: 'orders',
      primaryKey: ['_partition', '_offset'],
      cursorField: null,
      columns: null,
    },
    identify,
    expected: told(orders(0, 13)),
    add: async () => {
      await send(kafka, 'orders', orders(100, 120));
      return told(orders(100, 120));
    },
    cannotBe: {
      // KIP-219.
      source_throttled:
        'a broker that slows a client down answers later, and reads nothing from it until then',
    },
    refusals: [
      {
        title: 'a wrong password',
        credentials: { password: 'wrong-canary-5ab' },
        code: 'invalid_credentials',
        says: /password/,
      },
      {
        title: 'a topic without permission',
        config: { topics: ['salaries'] },
        stream: 'salaries',
        code: 'source_forbidden',
        says: /Grant/,
      },
      {
        title: 'a missing topic',
        config: { topics: ['nothing'] },
        stream: 'nothing',
        code: 'source_not_found',
        says: /topic/,
      },
      {
        title: 'a port where nobody listens',
        config: { brokers: ['127.0.0.1:1'] },
        code: 'source_unreachable',
        says: /Nothing listens/,
      },
      {
        title: 'a private address',
        surroundings: () => ({
          resolveHost: async () => {
            throw new HeadgateError('address_refused', 'a private address is not allowed');
          },
        }),
        code: 'address_refused',
        says: /private/,
      },
    ],
  });

  describe('Kafka', () => {
    const plain = (config: object = {}) => contextOf({ brokers: [kafka.plain], ...config });
    const topicOf = async (name: string, configs: object[] = [], partitions = 1) => {
      await kafka.admin.createTopics({
        topics: [name],
        partitions,
        replicas: 1,
        configs: configs as never,
      });
      return name;
    };

    it('signs in over TLS, and checks the certificate against the name', async () => {
      const over = (config: object, credentials: object = { user: 'reader', password }) =>
        contextOf(
          {
            brokers: [kafka.tls],
            sslmode: 'verify-full',
            ca: kafka.certificates.authority.certificate,
            sasl: 'plain',
            topics: ['orders'],
            ...config,
          },
          { credentials },
        );
      for (const sasl of ['plain', 'scram-sha-256', 'scram-sha-512'])
        expect(await connector.check(over({ sasl })), sasl).toMatchObject({ ok: true });
      expect(
        await connector.check(over({ ca: kafka.certificates.stranger.certificate })),
      ).toMatchObject({ ok: false, code: 'invalid_config' });
      expect(await connector.check(over({ ca: undefined, sslmode: 'require' }))).toMatchObject({
        ok: true,
      });
      expect(await connector.check(over({ sslmode: 'disable' }))).toMatchObject({ ok: false });
      expect(
        await connector.check(contextOf({ brokers: [kafka.plain], sslmode: 'require' })),
      ).toMatchObject({ ok: false });
    }, 60_000);

    it('reads every compression, headers, times, and values that are no JSON', async () => {
      const topic = await topicOf('kinds');
      for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        await send(
          kafka,
          topic,
          [
            { key: compression, value: `{"how":"${compression}","big":12345678901234567890}` },
            { value: 'no json', headers: { 'trace-id': 'ä1' } },
          ],
          { compression },
        );
      const { rows } = await readAll(plain(), topic);
      expect(rows.map((row) => row['how'] ?? row['_value'])).toEqual(
        ['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap((each) => [each, 'no json']),
      );
      expect(rows[0]).toMatchObject({
        _partition: 0,
        _offset: '0',
        _key: 'none',
        _headers: null,
        _value: null,
        big: '12345678901234567890',
      });
      expect(rows[1]).toMatchObject({ _key: null, _headers: '[["trace-id","ä1"]]' });
      const age = Date.now() - Date.parse(String(rows[0]?.['_timestamp']));
      expect(Math.abs(age)).toBeLessThan(60_000);
    }, 60_000);

    it('leaves out what was aborted, and waits for nobody who is still writing', async () => {
      const topic = await topicOf('transfers');
      const producer = kafka.producerOf('transfers');
      for (const [value, end] of [
        ['{"n":1}', 'commit'],
        ['{"n":2}', 'abort'],
        ['{"n":3}', 'commit'],
      ] as const) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: wired(topic, [{ value }]) });
        await transaction[end]();
      }
      const open = await producer.beginTransaction();
      await open.send({ messages: wired(topic, [{ value: '{"n":4}' }]) });
      await send(kafka, topic, [{ value: '{"n":5}' }]);
      const first = await readAll(plain(), topic);
      expect(first.rows.map(({ n }) => n)).toEqual([1, 3]);
      await open.commit();
      const second = await readAll(plain(), topic, first.last);
      expect(second.rows.map(({ n }) => n)).toEqual([4, 5]);
      const third = await readAll(plain(), topic, second.last);
      expect(third.rows).toEqual([]);
      expect(third.last.ends).toBeNull();
    }, 60_000);

    it('stops where the topic ended when the read began, also when it goes on later', async () => {
      const topic = await topicOf('growing');
      const some = (from: number, count: number): readonly Message[] =>
        Array.from({ length: count }, (_, index) => ({ value: `{"n":${from + index}}` }));
      await send(kafka, topic, some(0, 10));
      const seen: unknown[] = [];
      let checkpoint: LogCheckpoint | null = null;
      for await (const batch of connector.read(
        plain(),
        {
          name: topic,
          mode: 'incremental',
          primaryKey: [],
          cursorField: null,
          columns: null,
          window: null,
        },
        null,
      )) {
        seen.push(...(await readBatch(batch, null)).map(({ n }) => n));
        checkpoint ??= batch.checkpoint as LogCheckpoint;
        if (seen.length <= 4) await send(kafka, topic, some(10, 5));
      }
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const rest = await readAll(plain(), topic, checkpoint);
      expect(rest.rows.map(({ n }) => n)).toEqual([4, 5, 6, 7, 8, 9]);
      const later = await readAll(plain(), topic, rest.last);
      expect(later.rows.map(({ n }) => n)).toEqual([10, 11, 12, 13, 14]);
    }, 60_000);

    it('fails when records are gone before they were read, or goes on where it is told to', async () => {
      const topic = await topicOf('short');
      await send(kafka, topic, [{ value: '1' }, { value: '2' }, { value: '3' }, { value: '4' }]);
      const from: LogCheckpoint = { v: 1, next: { 0: '1' }, ends: null };
      await kafka.admin.deleteRecords({
        topics: [{ name: topic, partitions: [{ partition: 0, offset: 3n }] }],
      });
      await expect(readAll(plain(), topic, from)).rejects.toMatchObject({
        code: 'cursor_expired',
        message: expect.stringMatching(/^2 offsets of short/),
      });
      const { rows } = await readAll(plain({ onGap: 'skip' }), topic, from);
      expect(rows.map((row) => row['_value'])).toEqual(['4']);
      const whole = await readAll(plain(), topic, null, { mode: 'full_refresh' });
      expect(whole.rows.map((row) => row['_value'])).toEqual(['4']);
      await expect(
        readAll(plain(), topic, { v: 1, next: { 0: '9' }, ends: null }),
      ).rejects.toMatchObject({ code: 'cursor_expired', message: expect.stringMatching(/anew/) });
    }, 60_000);

    it('reads a compacted topic over its gaps, and a record without a value as a delete', async () => {
      const topic = await topicOf('people', [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'segment.ms', value: '100' },
        { name: 'min.cleanable.dirty.ratio', value: '0.01' },
      ]);
      for (let round = 0; round < 5; round += 1) {
        await send(kafka, topic, [
          { key: 'a', value: `{"round":${round}}` },
          { key: 'b', value: `{"round":${round}}` },
        ]);
        await sleep(150);
      }
      await send(kafka, topic, [{ key: 'b', value: null }]);
      const compacted = plain({ compacted: [topic] });
      const [described] = (await connector.discover(compacted)).filter(
        ({ name }) => name === topic,
      );
      expect(described).toMatchObject({
        primaryKey: ['_key'],
        deletes: 'tombstone',
        upserts: true,
      });
      await expect
        .poll(async () => (await readAll(compacted, topic)).rows.length, { timeout: 60_000 })
        .toBeLessThan(10);
      const { rows, tombstones, last } = await readAll(compacted, topic, null, {
        primaryKey: ['_key'],
      });
      expect(rows.at(-1)).toMatchObject({ round: 4 });
      expect(tombstones).toEqual([{ _key: 'b' }]);
      expect(last).toEqual({ v: 1, next: { 0: '11' }, ends: null });
    }, 120_000);

    it('begins at the end where it is told to, and reads what comes after', async () => {
      const topic = await topicOf('tail');
      await send(kafka, topic, [{ value: 'old' }]);
      const first = await readAll(plain({ startFrom: 'latest' }), topic);
      expect(first.rows).toEqual([]);
      await send(kafka, topic, [{ value: 'new' }]);
      const second = await readAll(plain({ startFrom: 'latest' }), topic, first.last);
      expect(second.rows.map((row) => row['_value'])).toEqual(['new']);
    }, 60_000);

    it('becomes a table through Headgate, each record once, and a table by key with deletes', async () => {
      await topicOf('events', [], 2);
      await topicOf('users');
      await using headgate = await startHeadgate();
      await using watch = await watchHeadgate(headgate);
      const { api } = watch;
      const batch = (from: number, count: number): readonly Message[] =>
        Array.from({ length: count }, (_, index) => ({
          value: JSON.stringify({ n: from + index, name: `event ${from + index}` }),
          partition: index % 2,
        }));
      await send(kafka, 'events', batch(0, 500));
      await send(kafka, 'users', [
        { key: 'ada', value: '{"city":"Bonn"}' },
        { key: 'bob', value: '{"city":"Rome"}' },
        { key: 'ada', value: '{"city":"Oslo"}' },
      ]);
      await api.call('POST', '/v1/sources', {
        key: 'log',
        name: 'log',
        connector: 'kafka',
        config: {
          brokers: [kafka.sasl],
          sslmode: 'disable',
          sasl: 'plain',
          topics: ['events', 'users'],
          compacted: ['users'],
        },
        credentials: { user: 'reader', password },
        status: 'active',
        syncMode: 'incremental',
      });
      const query = async (stream: string, sql: string) =>
        lakeReader(headgate.awsEndpoint).query(
          await api.call<LakeTable>('GET', `/v1/sources/log/tables/${stream}`),
          sql,
        );
      const users = 'select _key, city from t where coalesce(_deleted, false) = false order by 1';
      expect(await api.runToEnd('log')).toMatchObject({ status: 'succeeded', result: 'loaded' });
      const sums =
        'select count(*)::int as c, count(distinct n)::int as d, sum(n)::int as s from t';
      expect(await query('events', sums)).toEqual([{ c: 500, d: 500, s: 124_750 }]);
      expect(await query('users', users)).toEqual([
        { _key: 'ada', city: 'Oslo' },
        { _key: 'bob', city: 'Rome' },
      ]);
      await send(kafka, 'events', batch(500, 100));
      await send(kafka, 'users', [
        { key: 'bob', value: null },
        { key: 'eve', value: '{"city":"Kyiv"}' },
      ]);
      expect(await api.runToEnd('log')).toMatchObject({ status: 'succeeded', result: 'loaded' });
      expect(await query('events', sums)).toEqual([{ c: 600, d: 600, s: 179_700 }]);
      expect(await query('users', users)).toEqual([
        { _key: 'ada', city: 'Oslo' },
        { _key: 'eve', city: 'Kyiv' },
      ]);
      await api.runToEnd('log');
      expect(await query('events', sums)).toEqual([{ c: 600, d: 600, s: 179_700 }]);
      const preview = await api.call<{ total: number }>(
        'GET',
        '/v1/sources/log/preview?limit=5&stream=events',
      );
      expect(preview).toMatchObject({ total: 600 });

      const wrong = 'wrong-canary/pass+word=77';
      await api.call('PUT', '/v1/sources/log/credentials?verify=false', {
        credentials: { user: 'reader', password: wrong },
      });
      const failed = await api.runToEnd('log');
      expect(failed).toMatchObject({ status: 'failed', error: { code: 'invalid_credentials' } });
      await api.call('POST', '/v1/sources/log/test');
      expect(await watch.findLeaks([password, wrong], failed.id)).toEqual([]);
    }, 240_000);
  });
}
