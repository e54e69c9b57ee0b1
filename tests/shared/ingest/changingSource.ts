import * as z from 'zod';
import {
  type Batch,
  type Connector,
  ParkUntil,
  type StreamDescription,
} from '../../../shared/connectors/connector.ts';
import { HeadgateError } from '../../../shared/errors.ts';

const checkpoint = z.strictObject({ v: z.literal(1), generation: z.int(), next: z.int() });
type Checkpoint = z.infer<typeof checkpoint>;

export interface ChangingRow {
  readonly id: number;
  readonly value: string;
  readonly at: string;
}

/** A source whose rows change, whose cursor can be forgotten, and that may ask to wait at a page. */
export interface ChangingSource {
  readonly connector: Connector;
  rows: ChangingRow[];
  /** How often it began to read from nothing. */
  reads: number;
  /** Pages it delivered, in order, by the first row of each. */
  readonly pages: number[];
  /** Forgets every cursor that it handed out. */
  forget(): void;
  /** The next time it comes to this page (counted from 0) it asks to wait so long. */
  park(page: number, milliseconds: number): void;
  /** The next time it comes to this page it refuses. */
  refuse(page: number): void;
}

const rowsPerPage = 10;

/** One stream of changes, `things`: an incremental read delivers every row from its position on. */
export function changingSource(over: Partial<StreamDescription> = {}): ChangingSource {
  let generation = 1;
  let refuseAt: number | null = null;
  let parkAt: { page: number; milliseconds: number } | null = null;
  const connector: Connector<unknown, unknown, Checkpoint> = {
    name: 'numbers',
    title: 'Numbers',
    description: 'Rows that change',
    docs: 'https://example.com',
    labels: ['saas'],
    authMethods: [],
    syncModes: ['full_refresh', 'incremental'],
    supportsContinuous: false,
    supportsDateRange: false,
    landing: false,
    config: z.unknown(),
    credentials: z.unknown(),
    checkpoint,
    isComplete: ({ next }) => next === source.rows.length,
    check: async () => ({ ok: true, message: '' }),
    discover: async () => [
      {
        name: 'things',
        columns: [
          { name: 'id', type: 'long' },
          { name: 'value', type: 'string' },
          { name: 'at', type: 'timestamptz' },
        ],
        primaryKey: ['id'],
        cursorFields: ['at'],
        modes: ['full_refresh', 'incremental'],
        captures: 'changes',
        deletes: 'none',
        ordered: true,
        timeZone: 'UTC',
        supportsDateRange: false,
        upserts: true,
        ...over,
      },
    ],
    async *read(_context, _stream, from): AsyncGenerator<Batch<Checkpoint>> {
      if (from === null) source.reads += 1;
      else if (from.generation !== generation)
        throw new HeadgateError('cursor_expired', 'The source keeps changes for a day.');
      for (let at = from?.next ?? 0; at < source.rows.length; at += rowsPerPage) {
        if (parkAt !== null && parkAt.page === at / rowsPerPage) {
          const until = new Date(Date.now() + parkAt.milliseconds);
          parkAt = null;
          throw new ParkUntil(until, 'The quota of this hour is used up.');
        }
        if (refuseAt === at / rowsPerPage) {
          refuseAt = null;
          throw new HeadgateError('invalid_credentials', 'The token was withdrawn.');
        }
        source.pages.push(at);
        const records = source.rows.slice(at, at + rowsPerPage).map((row) => ({ ...row }));
        const next = Math.min(source.rows.length, at + rowsPerPage);
        yield { body: { kind: 'records', records }, checkpoint: { v: 1, generation, next } };
      }
    },
  };
  const source: ChangingSource = {
    connector: connector as Connector,
    rows: [],
    reads: 0,
    pages: [],
    forget: () => {
      generation += 1;
    },
    park: (page, milliseconds) => {
      parkAt = { page, milliseconds };
    },
    refuse: (page) => {
      refuseAt = page;
    },
  };
  return source;
}
