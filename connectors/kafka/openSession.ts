import type { Connection, fetchV12, metadataV9 } from '@platformatic/kafka';
import type { LogBounds, LogSession, LogSlice } from '../../shared/connectors/logs/logSession.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { type BrokerAddress, connectBroker, type KafkaContext } from './connectBroker.ts';
import { explainError, mayPass } from './explainError.ts';
import { sliceOf } from './sliceOf.ts';

/** Of one answer, and of one partition in it; a single larger record still comes. */
const answerBytes = 8 * 2 ** 20;
const partitionBytes = 2 ** 20;
/** A broker waits this long for records to come. */
const waitMilliseconds = 500;
const mostTries = 6;
/** Only what is committed is read: the end of a partition is its last stable offset. */
const readCommitted = 1;

type Metadata = metadataV9.MetadataResponse;

/** Asks the cluster without joining a group: nothing of it remembers Headgate. Kafka 2.8 and later. */
export async function openSession(context: KafkaContext): Promise<LogSession> {
  const { config, signal, sleep } = context;
  const kafka = await import('@platformatic/kafka');
  const open = new Map<string, Promise<Connection>>();

  const abort = (): void => {
    for (const connection of open.values())
      connection.then(
        (each) => each.socket?.destroy(),
        () => {},
      );
  };
  signal.addEventListener('abort', abort, { once: true });

  const connectionTo = (address: BrokerAddress): Promise<Connection> => {
    const name = `${address.host}:${address.port}`;
    const known = open.get(name);
    if (known !== undefined) return known;
    const made = connectBroker(context, address);
    open.set(name, made);
    made.then(
      (connection) => connection.once('close', () => open.delete(name)),
      () => open.delete(name),
    );
    return made;
  };
  const bootstrap = async (): Promise<Connection> => {
    let failure: unknown;
    for (const broker of config.brokers) {
      const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(broker) ?? [];
      try {
        return await connectionTo({ host: host.replaceAll(/[[\]]/g, ''), port: Number(port) });
      } catch (error) {
        failure ??= error;
        signal.throwIfAborted();
        // What was refused by one is refused by all.
        const code = (error instanceof HeadgateError ? error : explainError(error, config))?.code;
        if (code === 'invalid_credentials' || code === 'address_refused') throw error;
      }
    }
    throw failure;
  };

  /** null: all topics. */
  const describe = async (topics: readonly string[] | null): Promise<Metadata> =>
    kafka.metadataV9.api.async(await bootstrap(), topics === null ? null : [...topics], false);

  /** Asks each partition's leader; a cluster that is moving is asked again. */
  async function askLeaders<Answer>(
    topic: string,
    partitions: readonly number[] | null,
    ask: (connection: Connection, partitions: readonly number[]) => Promise<Answer>,
  ): Promise<readonly Answer[]> {
    for (let tries = 1; ; tries += 1)
      try {
        const { brokers, topics } = await describe([topic]);
        const found = topics.find(({ name }) => name === topic)?.partitions ?? [];
        const wanted = found.filter(
          ({ partitionIndex }) => partitions === null || partitions.includes(partitionIndex),
        );
        const byLeader = Map.groupBy(wanted, ({ leaderId }) => leaderId);
        return await Promise.all(
          [...byLeader].map(async ([leader, led]) => {
            const broker = brokers.find(({ nodeId }) => nodeId === leader);
            if (broker === undefined)
              throw new HeadgateError(
                'source_unreachable',
                `A partition of ${topic} has no leader now.`,
                { facts: { stream: topic } },
              );
            const connection = await connectionTo(broker);
            return ask(
              connection,
              led.map(({ partitionIndex }) => partitionIndex),
            );
          }),
        );
      } catch (error) {
        signal.throwIfAborted();
        if (tries >= mostTries || !mayPass(error)) throw error;
        await sleep(250 * 2 ** tries);
      }
  }

  const offsetsAt = async (
    topic: string,
    timestamp: bigint,
  ): Promise<ReadonlyMap<number, bigint>> => {
    const answers = await askLeaders(topic, null, (connection, partitions) =>
      kafka.listOffsetsV6.api.async(connection, -1, readCommitted, [
        {
          name: topic,
          partitions: partitions.map((partitionIndex) => ({
            partitionIndex,
            currentLeaderEpoch: -1,
            timestamp,
          })),
        },
      ]),
    );
    return new Map(
      answers.flatMap(({ topics }) =>
        topics.flatMap(({ partitions }) =>
          partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset] as const),
        ),
      ),
    );
  };

  /** Whom to ask is found out once, and again when a leader has moved. */
  let leaders: { readonly topic: string; readonly metadata: Metadata } | null = null;
  async function fetchFrom(
    topic: string,
    positions: ReadonlyMap<number, bigint>,
  ): Promise<readonly LogSlice[]> {
    leaders = leaders?.topic === topic ? leaders : { topic, metadata: await describe([topic]) };
    const { brokers, topics } = leaders.metadata;
    const partitions = topics.find(({ name }) => name === topic)?.partitions ?? [];
    const led = Map.groupBy(
      partitions.filter(({ partitionIndex }) => positions.has(partitionIndex)),
      ({ leaderId }) => leaderId,
    );
    const slices = await Promise.all(
      [...led].map(async ([leader, own]) => {
        const broker = brokers.find(({ nodeId }) => nodeId === leader);
        if (broker === undefined) return [];
        const asked: fetchV12.FetchRequestTopic = {
          topicId: topic,
          partitions: own.map(({ partitionIndex }) => ({
            partition: partitionIndex,
            currentLeaderEpoch: -1,
            fetchOffset: positions.get(partitionIndex) ?? 0n,
            lastFetchedEpoch: -1,
            partitionMaxBytes: partitionBytes,
          })),
        };
        const connection = await connectionTo(broker);
        const { responses } = await kafka.fetchV12.api.async(
          connection,
          waitMilliseconds,
          1,
          answerBytes,
          readCommitted,
          0,
          -1,
          [asked],
          [],
          '',
        );
        return responses.flatMap((response) =>
          response.partitions.map((partition) =>
            sliceOf(partition, positions.get(partition.partitionIndex) ?? 0n),
          ),
        );
      }),
    );
    return slices.flat();
  }

  const cluster = await describe([]).catch((error: unknown) => {
    abort();
    throw error;
  });

  return {
    server: `Kafka, ${cluster.brokers.length} ${cluster.brokers.length === 1 ? 'broker' : 'brokers'}`,

    async topics() {
      const { topics } = await describe(null);
      return topics.flatMap(({ name, isInternal }) =>
        name === null || isInternal || name.startsWith('__') ? [] : name,
      );
    },

    async bounds(topic) {
      const [earliest, ends] = [await offsetsAt(topic, -2n), await offsetsAt(topic, -1n)];
      const bounds = new Map<number, LogBounds>();
      for (const [partition, end] of ends)
        bounds.set(partition, { earliest: earliest.get(partition) ?? 0n, end });
      if (bounds.size === 0)
        throw new HeadgateError('source_not_found', `There is no topic ${topic}.`, {
          facts: { stream: topic },
        });
      return bounds;
    },

    async fetch(topic, positions) {
      for (let tries = 1; ; tries += 1)
        try {
          return await fetchFrom(topic, positions);
        } catch (error) {
          signal.throwIfAborted();
          leaders = null;
          if (tries >= mostTries || !mayPass(error)) throw error;
          await sleep(250 * 2 ** tries);
        }
    },

    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', abort);
      const connections = await Promise.allSettled(open.values());
      for (const each of connections) if (each.status === 'fulfilled') each.value.socket?.destroy();
    },
  };
}
