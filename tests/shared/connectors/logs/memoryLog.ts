import * as z from 'zod';
import type { Connector } from '../../../../shared/connectors/connector.ts';
import { defineLogConnector } from '../../../../shared/connectors/logs/defineLogConnector.ts';
import { type LogOptions, logOptions } from '../../../../shared/connectors/logs/logOptions.ts';
import type { LogRecord, LogSlice } from '../../../../shared/connectors/logs/logSession.ts';
import { HeadgateError } from '../../../../shared/errors.ts';

/** A log in memory, with the habits of a real one: answers of few records, gaps, and ends that move. */
export interface MemoryLog {
  readonly connector: Connector;
  append(topic: string, partition: number, key: string | null, value: string | null): void;
  /** As retention does. */
  drop(topic: string, partition: number, before: bigint): void;
  /** As compaction does: the record goes, its offset stays. */
  remove(topic: string, partition: number, offset: bigint): void;
  create(topic: string, partitions: number): void;
  /** From now on nothing is answered although there is something. */
  stick(): void;
  /** Sessions that are open. */
  open(): number;
}

interface Partition {
  earliest: bigint;
  end: bigint;
  records: LogRecord[];
}

export function memoryLog(rows = 4): MemoryLog {
  const topics = new Map<string, Map<number, Partition>>();
  let open = 0;
  let stuck = false;
  const partitionsOf = (topic: string): Map<number, Partition> => {
    const found = topics.get(topic);
    if (found !== undefined) return found;
    throw new HeadgateError('source_not_found', `There is no topic ${topic}.`);
  };
  const config = z.strictObject(logOptions);
  const connector = defineLogConnector<LogOptions, object>(
    {
      name: 'memory_log',
      title: 'Log in memory',
      description: 'A log of the tests.',
      docs: 'https://example.com',
      labels: ['stream'],
      authMethods: [{ name: 'none', title: 'None', fields: [] }],
      config,
      credentials: z.strictObject({}),
      dialect: {
        connect: async ({ signal }) => {
          open += 1;
          return {
            server: 'Memory',
            topics: async () => [...topics.keys()],
            bounds: async (topic) =>
              new Map(
                [...partitionsOf(topic)].map(([partition, { earliest, end }]) => [
                  partition,
                  { earliest, end },
                ]),
              ),
            fetch: async (topic, positions) => {
              signal.throwIfAborted();
              if (stuck) return [];
              return [...positions].map(([partition, position]): LogSlice => {
                const { records, end } = partitionsOf(topic).get(partition) as Partition;
                const some = records.filter(({ offset }) => offset >= position).slice(0, 3);
                const last = some.at(-1)?.offset;
                return { partition, records: some, next: last === undefined ? end : last + 1n };
              });
            },
            [Symbol.asyncDispose]: async () => {
              open -= 1;
            },
          };
        },
        explain: () => null,
        decoder: async () => ({
          key: async (bytes) => bytes.toString(),
          value: async (bytes) => {
            const text = bytes.toString();
            return text.startsWith('{') ? { fields: JSON.parse(text) } : { text };
          },
        }),
      },
    },
    { rows },
  );
  return {
    connector: connector as Connector,
    create: (topic, partitions) => {
      topics.set(
        topic,
        new Map(
          Array.from({ length: partitions }, (_, index) => [
            index,
            { earliest: 0n, end: 0n, records: [] },
          ]),
        ),
      );
    },
    append: (topic, partition, key, value) => {
      const into = partitionsOf(topic).get(partition) as Partition;
      into.records.push({
        offset: into.end,
        timestamp: 1_714_557_600_000,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: [],
      });
      into.end += 1n;
    },
    drop: (topic, partition, before) => {
      const of = partitionsOf(topic).get(partition) as Partition;
      of.earliest = before;
      of.records = of.records.filter(({ offset }) => offset >= before);
    },
    remove: (topic, partition, offset) => {
      const of = partitionsOf(topic).get(partition) as Partition;
      of.records = of.records.filter((record) => record.offset !== offset);
    },
    stick: () => {
      stuck = true;
    },
    open: () => open,
  };
}
