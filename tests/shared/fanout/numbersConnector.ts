import * as z from 'zod';
import type { Batch, Connector, StreamDescription } from '../../../shared/connectors/connector.ts';

const range = z.strictObject({ from: z.int(), to: z.int() });
const checkpoint = z.strictObject({ v: z.literal(1), next: z.int() });
type Checkpoint = z.infer<typeof checkpoint>;

export interface NumbersOptions {
  readonly streams: Readonly<Record<string, number>>;
  /** Slices of a stream; 1: it cannot be cut. */
  readonly slices: number;
  readonly rowsPerBatch?: number;
  /** Called before each batch; what it throws is the source's failure. */
  readonly onBatch?: (stream: string, first: number) => void;
  readonly columns?: StreamDescription['columns'];
}

/** A source of whole numbers, each stream as many as it says, that can be cut anywhere. */
export function numbersConnector(options: NumbersOptions): Connector {
  const { streams, slices, rowsPerBatch = 10, onBatch = () => undefined } = options;
  const connector: Connector<unknown, unknown, Checkpoint> = {
    name: 'numbers',
    title: 'Numbers',
    description: 'Whole numbers',
    docs: 'https://example.com',
    labels: ['database'],
    authMethods: [],
    syncModes: ['full_refresh', 'incremental'],
    supportsContinuous: false,
    supportsDateRange: false,
    landing: false,
    config: z.unknown(),
    credentials: z.unknown(),
    checkpoint,
    isComplete: () => false,
    check: async () => ({ ok: true, message: '' }),
    discover: async () =>
      Object.keys(streams).map((name) => ({
        name,
        columns: options.columns ?? [
          { name: 'n', type: 'long' },
          { name: 'v', type: 'string' },
        ],
        primaryKey: ['n'],
        cursorFields: [],
        modes: ['full_refresh', 'incremental'],
        captures: 'inserts',
        deletes: 'none',
        ordered: true,
        timeZone: 'UTC',
        supportsDateRange: false,
      })),
    async *read(_context, stream, from): AsyncGenerator<Batch<Checkpoint>> {
      const whole = { from: 0, to: streams[stream.name] ?? 0 };
      const { from: first, to } = stream.slice === undefined ? whole : range.parse(stream.slice);
      for (let at = from?.next ?? first; at < to; at += rowsPerBatch) {
        onBatch(stream.name, at);
        const end = Math.min(to, at + rowsPerBatch);
        yield {
          body: {
            kind: 'records',
            records: Array.from({ length: end - at }, (_, index) => ({
              n: at + index,
              v: `row ${at + index}`,
            })),
          },
          checkpoint: { v: 1, next: end },
        };
      }
    },
    async split(_context, stream) {
      const total = streams[stream.name] ?? 0;
      const width = Math.ceil(total / slices);
      return {
        slices: Array.from({ length: slices }, (_, index) => ({
          from: index * width,
          to: Math.min(total, (index + 1) * width),
        })),
        checkpoint: { v: 1, next: total },
      };
    },
  };
  return connector as Connector;
}
