import type { HeadgateEvent, ServerMessage } from '../events.ts';

type EventsMessage = Extract<ServerMessage, { type: 'events' }>;

/**
 * API Gateway takes 128 KB in one message and counts every 32 KB as one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const mostBytes = 100_000;

/**
 * The messages that tell events above `after` up to `upTo`: each covers a range of numbers, and all of them together
 * the whole one, so that a reader who may not see some of the events sees no gap.
 */
export function eventMessages(
  after: number,
  upTo: number,
  events: readonly HeadgateEvent[],
): readonly EventsMessage[] {
  const messages: EventsMessage[] = [];
  let from = after;
  let some: HeadgateEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event));
    const last = some.at(-1);
    if (last !== undefined && bytes + size > mostBytes) {
      messages.push({ type: 'events', after: from, upTo: last.seq, events: some });
      from = last.seq;
      some = [];
      bytes = 0;
    }
    some.push(event);
    bytes += size;
  }
  messages.push({ type: 'events', after: from, upTo, events: some });
  return messages;
}

export interface EventRange {
  readonly after: number;
  readonly upTo: number;
  readonly events: readonly HeadgateEvent[];
}

/** Events by their numbers, as ranges without holes. */
export function rangesOf(events: readonly HeadgateEvent[]): readonly EventRange[] {
  const ranges: { after: number; upTo: number; events: HeadgateEvent[] }[] = [];
  for (const event of events) {
    const last = ranges.at(-1);
    if (last?.upTo === event.seq) continue;
    if (last !== undefined && last.upTo + 1 === event.seq) {
      last.upTo = event.seq;
      last.events.push(event);
    } else ranges.push({ after: event.seq - 1, upTo: event.seq, events: [event] });
  }
  return ranges;
}
