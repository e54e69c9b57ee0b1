import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createRecordsBatch,
  Reader,
  type RecordsBatch,
  readRecordsBatches,
} from '@platformatic/kafka';
import avro from 'avsc';
import { afterAll, describe, expect, it } from 'vitest';
import type { KafkaContext } from '../../connectors/kafka/connectBroker.ts';
import { explainError } from '../../connectors/kafka/explainError.ts';
import { openDecoder } from '../../connectors/kafka/openDecoder.ts';
import { sliceOf } from '../../connectors/kafka/sliceOf.ts';
import kafka from '../../connectors/kafka.ts';
import { createFetch } from '../../shared/http/createFetch.ts';
import { withRetries } from '../../shared/http/withRetries.ts';
import { createLog } from '../../shared/log.ts';

// A broker is in tests/engines/kafka.test.ts.

const asked: string[] = [];
const type = avro.Type.forSchema({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'blob', type: 'bytes' },
    {
      name: 'lines',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Line', fields: [{ name: 'n', type: 'int' }] },
      },
    },
  ],
});
const registry = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers.authorization ?? ''}`);
  const [status, body] =
    request.headers.authorization !==
    `Basic ${Buffer.from('sr:canary-registry').toString('base64')}`
      ? [401, {}]
      : request.url === '/schemas/ids/7'
        ? [200, { schema: JSON.stringify(type.schema()) }]
        : [404, {}];
  response.writeHead(status as number, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
});
await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
const { port } = registry.address() as AddressInfo;
afterAll(() => registry.close());

const contextOf = (config: object, credentials: object = {}): KafkaContext => ({
  config: kafka.config.parse({ brokers: ['kafka.example.com:9092'], ...config }) as never,
  credentials: kafka.credentials.parse(credentials) as never,
  fetch: withRetries(createFetch({ allow: ['127.0.0.1'] }), {
    now: () => new Date(),
    sleep: async () => {},
  }),
  resolveHost: async (host) => host,
  now: () => new Date(),
  sleep: async () => {},
  signal: new AbortController().signal,
  log: createLog(() => {}),
});

describe('Avro', () => {
  const withRegistry = { valueFormat: 'avro', schemaRegistry: `http://127.0.0.1:${port}/` };
  const signedIn = { registryUser: 'sr', registryPassword: 'canary-registry' };
  const encoded = (value: object, id = 7): Buffer => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(id, 1);
    return Buffer.concat([prefix, type.toBuffer(value)]);
  };

  it('is decoded by the schema it was written with, asked for once', async () => {
    const decoder = await openDecoder(contextOf(withRegistry, signedIn));
    const value = { id: 5, note: 'hi', blob: Buffer.from([1, 255]), lines: [{ n: 1 }] };
    const fields = { id: 5, note: 'hi', blob: 'Af8=', lines: [{ n: 1 }] };
    expect(await decoder.value(encoded(value))).toEqual({ fields });
    expect(await decoder.value(encoded({ ...value, note: null }))).toEqual({
      fields: { ...fields, note: null },
    });
    expect(asked.filter((each) => each.startsWith('/schemas/ids/7'))).toHaveLength(1);
  });

  it('keeps long numbers to the last digit', async () => {
    const decoder = await openDecoder(contextOf(withRegistry, signedIn));
    const bytes = encoded({ id: 0, note: null, blob: Buffer.alloc(0), lines: [] });
    // 2^53 + 1, zigzag and varint.
    const long = Buffer.from('8280808080808020', 'hex');
    const big = Buffer.concat([bytes.subarray(0, 5), long, bytes.subarray(6)]);
    expect(await decoder.value(big)).toMatchObject({ fields: { id: '9007199254740993' } });
  });

  it('of an unknown schema, without sign-in, or that is none, is an error with a name', async () => {
    const decoder = await openDecoder(contextOf(withRegistry, signedIn));
    const value = { id: 5, note: null, blob: Buffer.alloc(0), lines: [] };
    await expect(decoder.value(encoded(value, 8))).rejects.toMatchObject({
      code: 'source_not_found',
    });
    await expect(decoder.value(Buffer.from('{"id":5}'))).rejects.toMatchObject({
      code: 'source_answer_invalid',
    });
    const stranger = await openDecoder(contextOf(withRegistry));
    await expect(stranger.value(encoded(value))).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
    await expect(openDecoder(contextOf({ valueFormat: 'avro' }))).rejects.toMatchObject({
      code: 'invalid_config',
    });
  });
});

describe('records of Kafka', () => {
  const batchAt = (
    first: bigint,
    values: readonly string[],
    over: Partial<RecordsBatch> = {},
  ): RecordsBatch => {
    const messages = values.map((value, index) => ({
      topic: 't',
      key: Buffer.from(`k${index}`),
      value: Buffer.from(value),
      timestamp: 1_000n + BigInt(index),
    }));
    const { buffer } = createRecordsBatch(messages);
    const [batch] = readRecordsBatches(Reader.from(buffer));
    return { ...(batch as RecordsBatch), firstOffset: first, ...over };
  };
  const told = (slice: ReturnType<typeof sliceOf>): readonly string[] =>
    slice.records.map(({ offset, value }) => `${offset} ${value?.toString()}`);

  it('begin where they are asked for, though the answer begins earlier', () => {
    const slice = sliceOf(
      { partitionIndex: 3, records: [batchAt(10n, ['a', 'b', 'c'])], abortedTransactions: null },
      11n,
    );
    expect(told(slice)).toEqual(['11 b', '12 c']);
    expect(slice).toMatchObject({ partition: 3, next: 13n });
    expect(slice.records[0]?.timestamp).toBe(1_001);
  });

  it('of aborted transactions are left out, up to the marker that ends each', () => {
    const transactional = { attributes: 0x10 };
    const marker = (offset: bigint, producerId: bigint, kind: number): RecordsBatch => {
      const batch = batchAt(offset, ['x'], { attributes: 0x30, producerId });
      const key = Buffer.alloc(4);
      key.writeInt16BE(kind, 2);
      return { ...batch, records: batch.records.map((record) => ({ ...record, key })) };
    };
    const slice = sliceOf(
      {
        partitionIndex: 0,
        records: [
          batchAt(0n, ['dead'], { ...transactional, producerId: 1n }),
          batchAt(1n, ['alive'], { ...transactional, producerId: 2n }),
          marker(2n, 1n, 0),
          batchAt(3n, ['again'], { ...transactional, producerId: 1n }),
          marker(4n, 2n, 1),
          batchAt(5n, ['dead, too'], { ...transactional, producerId: 2n }),
          batchAt(6n, ['plain'], { producerId: 2n }),
        ],
        abortedTransactions: [
          { producerId: 2n, firstOffset: 5n },
          { producerId: 1n, firstOffset: 0n },
        ],
      },
      0n,
    );
    expect(told(slice)).toEqual(['1 alive', '3 again', '6 plain']);
    expect(slice.next).toBe(7n);
  });

  it('move on over batches that compaction has emptied', () => {
    const empty = { ...batchAt(5n, ['x']), records: [], lastOffsetDelta: 4 };
    const slice = sliceOf({ partitionIndex: 0, records: [empty], abortedTransactions: [] }, 2n);
    expect(slice).toMatchObject({ records: [], next: 10n });
  });
});

it('brokers are hosts with ports, and nothing else', () => {
  const parses = (broker: string): boolean => kafka.config.safeParse({ brokers: [broker] }).success;
  for (const broker of ['a.example.com:9092', '10.0.0.1:9092', '[::1]:9092'])
    expect(parses(broker), broker).toBe(true);
  for (const broker of ['a', 'http://a:1', 'a:b', 'a:1/x', '', 'u@a:1', 'a b:1'])
    expect(parses(broker), broker).toBe(false);
});

it('errors are told by what lies at their bottom, without secrets', () => {
  const config = { brokers: ['a:1'] };
  const error = (code: string, cause?: Error): Error =>
    Object.assign(new Error('outer', { cause }), { code });
  expect(explainError(error('PLT_KFK_NETWORK', error('ENOTFOUND')), config)).toMatchObject({
    code: 'source_unreachable',
    message: expect.stringMatching(/host name/),
  });
  const refused = Object.assign(new Error('x'), { apiId: 'SASL_AUTHENTICATION_FAILED' });
  expect(
    explainError(error('PLT_KFK_NETWORK', new AggregateError([refused], 'many')), config),
  ).toMatchObject({ code: 'invalid_credentials' });
  expect(explainError(error('PLT_KFK_TIMEOUT'), config)).toMatchObject({
    code: 'source_unreachable',
  });
  expect(explainError(new Error('a bug'), config)).toBeNull();
});
