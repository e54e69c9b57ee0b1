import type { HeadgateEvent } from '../events.ts';
import type { RunItem } from '../runs/runItem.ts';
import { listRuns } from '../runs/runs.ts';
import { breakingDriftCode } from '../sources/attention.ts';
import type { Table } from '../table.ts';
import type { Finding } from './incidents.ts';

type Verdict = Omit<Finding, 'tenant' | 'sourceId' | 'seq'>;

/** Of the runs before, how many are looked at, and how many it takes to know what is usual. */
const runsBefore = 20;
const fewestRuns = 4;
const usually = 0.8;

/** What an event says about each kind of trouble; what it says nothing about is left out. */
export async function findingsOf(
  table: Table,
  tenant: string,
  event: HeadgateEvent,
): Promise<readonly Finding[]> {
  const about = { tenant, sourceId: event.sourceId, seq: event.seq };
  return (await verdictsOf(table, tenant, event)).map((verdict) => ({ ...about, ...verdict }));
}

async function verdictsOf(
  table: Table,
  tenant: string,
  event: HeadgateEvent,
): Promise<readonly Verdict[]> {
  switch (event.type) {
    case 'sync_failed': {
      if (event.data.kind !== 'ingest') return [];
      const detail = event.data.error?.message ?? 'The run timed out.';
      return [{ kind: 'failing', isWrong: true, detail }];
    }
    case 'sync_succeeded':
      return event.data.kind === 'ingest' ? await ofSuccess(table, tenant, event) : [];
    case 'schema_drift':
      return event.data.isBreaking
        ? [{ kind: 'breaking_drift', isWrong: true, detail: driftText(event.data) }]
        : [];
    case 'source_changed':
      return event.data.attention.includes(breakingDriftCode)
        ? []
        : [{ kind: 'breaking_drift', isWrong: false, detail: '' }];
    default:
      return [];
  }
}

async function ofSuccess(
  table: Table,
  tenant: string,
  { sourceId, data }: Extract<HeadgateEvent, { type: 'sync_succeeded' }>,
): Promise<readonly Verdict[]> {
  const isPartial = data.status === 'partial';
  const failing: Verdict = {
    kind: 'failing',
    isWrong: isPartial,
    detail: isPartial ? 'Some streams failed; the others are loaded.' : '',
  };
  const stale: Verdict = { kind: 'stale', isWrong: false, detail: '' };
  if (data.counts.read > 0)
    return [failing, stale, { kind: 'no_rows', isWrong: false, detail: '' }];
  const before = await listRuns(table, tenant, sourceId, { limit: runsBefore, before: data.runId });
  return haveRows(before)
    ? [
        failing,
        stale,
        {
          kind: 'no_rows',
          isWrong: true,
          detail:
            'The run succeeded and read no rows, where runs of this source usually read some.',
        },
      ]
    : [failing, stale];
}

/** Whether runs like these usually read rows. Backfills and the like say nothing about it. */
function haveRows(runs: readonly RunItem[]): boolean {
  const alike = runs.filter(
    ({ request, status }) =>
      request.kind === 'ingest' && request.startDate === undefined && status === 'succeeded',
  );
  if (alike.length < fewestRuns) return false;
  return alike.filter(({ counts }) => counts.read > 0).length >= alike.length * usually;
}

function driftText({
  stream,
  removed,
  changed,
}: Extract<HeadgateEvent, { type: 'schema_drift' }>['data']): string {
  const parts = [
    ...(removed.length === 0 ? [] : [`gone: ${removed.join(', ')}`]),
    ...(changed.length === 0 ? [] : [`with another type: ${changed.join(', ')}`]),
  ];
  return `Columns of ${stream} ${parts.join('; ')}.`;
}
