import type { EventObject } from './eventPattern.ts';

/** An event as a service emits it; the rest of the envelope is added by the bus. */
export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: EventObject;
  readonly resources?: readonly string[];
  readonly time?: Date;
}
