import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { HeadgateEvent } from '../events.ts';

/** Where programs of the same AWS account hear of events. */
export interface EventBus {
  /** Throws unless all of them were taken. */
  put(tenant: string, events: readonly HeadgateEvent[]): Promise<void>;
}

/** PutEvents takes so many at a time. */
const atATime = 10;

/** The `detail` of an event on the bus: the event, and whose it is. */
export type BusDetail = HeadgateEvent & { readonly tenant: string };

/**
 * The account's default bus. `source` tells stages apart (`headgate.dev`); `detail-type` is the event's type.
 */
export const eventBridgeBus = (client: EventBridgeClient, source: string): EventBus => ({
  async put(tenant, events) {
    for (let from = 0; from < events.length; from += atATime) {
      const { FailedEntryCount = 0, Entries = [] } = await client.send(
        new PutEventsCommand({
          Entries: events.slice(from, from + atATime).map((event) => ({
            Source: source,
            DetailType: event.type,
            Detail: JSON.stringify({ ...event, tenant } satisfies BusDetail),
            Time: new Date(event.at),
          })),
        }),
      );
      if (FailedEntryCount > 0) {
        const code = Entries.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode;
        throw new Error(`the event bus refused ${FailedEntryCount} events: ${code}`);
      }
    }
  },
});
