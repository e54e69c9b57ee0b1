import type { DynamoDBRecord } from 'aws-lambda';
import { makeHandler } from '../../../functions/eventPublisher/handler.ts';
import type { HeadgateEvent, ServerMessage } from '../../../shared/events.ts';
import { newRunId } from '../../../shared/ids.ts';
import { createLog } from '../../../shared/log.ts';
import { noCounts, type RunItem, runItemKey } from '../../../shared/runs/runItem.ts';
import { type HeadgateTable, headgateTable } from '../../headgateTable.ts';
import { recordOf } from './streamOf.ts';

/** A publisher with a real table, sockets and a bus that tests look into, and connections that can be gone. */
export async function eventWorld() {
  const home: HeadgateTable = await headgateTable();
  const sent: { connectionId: string; message: ServerMessage }[] = [];
  const closed: string[] = [];
  const gone = new Set<string>();
  const onBus: { tenant: string; event: HeadgateEvent }[] = [];
  const lines: string[] = [];
  const clock = { at: new Date('2026-05-05T05:05:05Z') };
  const broken = { bus: false };
  const sockets = {
    send: async (connectionId: string, message: ServerMessage) => {
      if (gone.has(connectionId)) return false;
      sent.push({ connectionId, message });
      return true;
    },
    close: async (connectionId: string) => void closed.push(connectionId),
  };
  const tell = {
    table: home.table,
    sockets,
    now: () => clock.at,
    log: createLog((line) => void lines.push(line)),
  };
  const handler = makeHandler({
    ...tell,
    bus: {
      put: async (tenant, events) => {
        if (broken.bus) throw new Error('the bus is down');
        for (const event of events) onBus.push({ tenant, event });
      },
    },
  });
  return {
    home,
    table: home.table,
    tell,
    sent,
    closed,
    gone,
    onBus,
    lines,
    clock,
    broken,
    publish: (...Records: readonly DynamoDBRecord[]) => handler({ Records: [...Records] }),
    /** What a connection was told, in the order in which it came. */
    heardBy: (connectionId: string) =>
      sent.flatMap(({ connectionId: to, message }) =>
        to === connectionId && message.type === 'events' ? message.events : [],
      ),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

export const runOf = (
  tenant: string,
  sourceId: string,
  change: Partial<RunItem> = {},
): RunItem => ({
  v: 1,
  tenant,
  sourceId,
  runId: newRunId(sourceId, new Date()),
  connector: 'postgres',
  request: { kind: 'ingest' },
  trigger: 'api',
  requestedBy: 'tests',
  status: 'queued',
  token: 0,
  committedSeq: 0,
  counts: noCounts,
  streams: {},
  createdAt: '2026-05-05T05:05:00.000Z',
  gigabyteSeconds: 0,
  stateTransitions: 0,
  ...change,
});

export const runRecord = (before: RunItem | null, after: RunItem): DynamoDBRecord =>
  recordOf(runItemKey(after.tenant, after.runId), before, after);
