import type { Json } from '../json.ts';
import type { SourceItem } from '../sources/sourceItem.ts';
import type { IncidentItem, IncidentKind } from './incidentItem.ts';

/** What people are told of an incident: once when it opens, once when it ends. */
export interface Alert {
  /** The same for every delivery. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  /** For programs. */
  readonly payload: { readonly [name: string]: Json };
}

const titles: Readonly<Record<IncidentKind, { readonly open: string; readonly resolved: string }>> =
  {
    failing: { open: 'is failing', resolved: 'has recovered' },
    stale: { open: 'is stale', resolved: 'is fresh again' },
    no_rows: { open: 'brought no rows', resolved: 'brings rows again' },
    breaking_drift: { open: 'has breaking schema drift', resolved: 'has its drift acknowledged' },
  };

/** SNS takes ASCII subjects below 100 characters. */
const plain = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 99);

export function alertOf(
  incident: IncidentItem,
  source: Pick<SourceItem, 'key' | 'name'>,
  now: Date,
): Alert {
  const { tenant, sourceId, kind, state, since, detail } = incident;
  const title = `${source.key} ${titles[kind][state]}`;
  const id = `${incident.id}-${state}`;
  const minutes = Math.round((now.getTime() - Date.parse(since)) / 60_000);
  const text =
    state === 'open'
      ? `${title}: ${detail}`
      : `${title}, ${minutes === 1 ? '1 minute' : `${minutes} minutes`} after it began.`;
  return {
    id,
    subject: plain(`Headgate: ${title}`),
    text,
    payload: {
      type: 'alert',
      id,
      kind,
      state,
      tenant,
      sourceId,
      sourceKey: source.key,
      sourceName: source.name,
      since,
      at: now.toISOString(),
      detail,
      text,
    },
  };
}
