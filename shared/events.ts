/** Names of what is told to people and programs: WebSocket, EventBridge bus, webhooks. */
export const eventNames = [
  'sync_queued',
  'sync_started',
  'sync_progress',
  'sync_succeeded',
  'sync_failed',
  'sync_cancelled',
  'file_uploaded',
  'file_deleted',
  'schema_drift',
  'source_changed',
] as const;
export type EventName = (typeof eventNames)[number];
