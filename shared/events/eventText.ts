import type { HeadgateEvent } from '../events.ts';

/** An event in one sentence, for chats and e-mails. */
export function eventText(event: HeadgateEvent): string {
  const source = event.sourceKey ?? event.sourceId;
  switch (event.type) {
    case 'sync_queued':
      return `${source}: a run is queued.`;
    case 'sync_started':
      return `${source}: a run has started.`;
    case 'sync_progress':
      return `${source}: ${event.data.rows} rows read so far.`;
    case 'sync_succeeded':
      return event.data.status === 'partial'
        ? `${source}: some streams failed, ${event.data.counts.written} rows were loaded.`
        : `${source}: ${event.data.counts.written} rows were loaded.`;
    case 'sync_failed':
      return `${source}: the run ${event.data.status === 'timed_out' ? 'timed out' : 'failed'}${
        event.data.error === null ? '.' : `: ${event.data.error.message}`
      }`;
    case 'sync_cancelled':
      return `${source}: the run was ${event.data.status}.`;
    case 'file_uploaded':
      return `${source}: ${event.data.name} has landed.`;
    case 'file_deleted':
      return `${source}: ${event.data.name} and its rows are gone.`;
    case 'schema_drift':
      return `${source}: ${event.data.stream} differs from its table${
        event.data.isBreaking ? ', and breaks who reads it' : ''
      }.`;
    case 'source_changed':
      return `${source}: the source was ${event.data.change}.`;
  }
}
