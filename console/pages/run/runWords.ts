import type { Run } from '../../../client/generated.ts';
import { wordsOf } from '../../text/format.ts';
import type { BadgeColor } from '../sources/health.ts';

interface RunBadge {
  readonly text: string;
  readonly color: BadgeColor;
  readonly pulsing?: boolean;
}

const statuses: Readonly<Record<Run['status'], RunBadge>> = {
  queued: { text: 'Queued', color: 'blue' },
  running: { text: 'Running', color: 'blue', pulsing: true },
  succeeded: { text: 'Success', color: 'green' },
  partial: { text: 'Partial', color: 'yellow' },
  failed: { text: 'Failed', color: 'red' },
  cancelled: { text: 'Cancelled', color: 'grey' },
  timed_out: { text: 'Timed out', color: 'red' },
  skipped: { text: 'Skipped', color: 'grey' },
};

/** How a run stands or ended; successes say what came of them. */
export function runBadge({
  status,
  result,
  kind,
}: Pick<Run, 'status' | 'result' | 'kind'>): RunBadge {
  if (status === 'running' && kind !== 'ingest')
    return { text: 'Processing', color: 'purple', pulsing: true };
  if (status === 'succeeded' && result === 'nothing_new')
    return { text: 'Nothing new', color: 'green' };
  if (status === 'succeeded' && result === 'no_data') return { text: 'No data', color: 'yellow' };
  return statuses[status];
}

export const isOpen = ({ status }: Pick<Run, 'status'>): boolean =>
  status === 'queued' || status === 'running';

const kinds: Readonly<Record<Run['kind'], string>> = {
  ingest: 'Sync',
  clear: 'Clear data',
  file_delete: 'Delete files',
  replay: 'Replay rejects',
  detect_deletes: 'Find deleted rows',
  undo: 'Undo',
  set_cursor: 'Set cursor',
};

/** What a kind of run does, in words. */
export const kindTitle = (kind: Run['kind']): string => kinds[kind];

/** What a run does: “Full refresh”, “Incremental, 1 Jan – 1 Feb”, “Clear data”. */
export function runTitle({ kind, mode, startDate, endDate }: Run): string {
  if (kind !== 'ingest') return kinds[kind];
  const what = mode === null ? kinds.ingest : wordsOf(mode);
  return startDate === null ? what : `Date range ${startDate} – ${endDate ?? 'now'}`;
}

const triggers: Readonly<Record<Run['trigger'], string>> = {
  api: 'By request',
  schedule: 'By schedule',
  file: 'A file arrived',
  upload: 'A file was uploaded',
};
export const triggerText = ({ trigger }: Pick<Run, 'trigger'>): string => triggers[trigger];
