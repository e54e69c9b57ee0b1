import type { SourceSummary } from '../../../client/generated.ts';
import type { Sorting } from '../../ui/sorting.ts';

/** What the list is narrowed to; empty texts do not count. */
export interface Filters {
  readonly search: string;
  readonly health: string;
  readonly connector: string;
  readonly status: string;
  readonly tag: string;
}

const texts = new WeakMap<SourceSummary, string>();

/** What is searched, in small letters; made once for each source, as every keystroke reads all of them. */
function textOf(source: SourceSummary): string {
  let text = texts.get(source);
  if (text === undefined) {
    const { key, name, description, connector, tags, table } = source;
    text = [key, name, description, connector, table, ...tags].join('\n').toLowerCase();
    texts.set(source, text);
  }
  return text;
}

/** The sources that match, in their order. Every word has to be found. */
export function filterSources(
  sources: readonly SourceSummary[],
  { search, health, connector, status, tag }: Filters,
): readonly SourceSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return sources.filter(
    (source) =>
      (health === '' || source.health === health) &&
      (connector === '' || source.connector === connector) &&
      (status === '' || source.status === status) &&
      (tag === '' || source.tags.includes(tag)) &&
      words.every((word) => textOf(source).includes(word)),
  );
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
/** What wants to be seen first. */
const healthOrder = [
  'failed',
  'processing',
  'syncing',
  'queued',
  'no_data',
  'never_synced',
  'synced',
];

const orders: Readonly<Record<string, (a: SourceSummary, b: SourceSummary) => number>> = {
  name: (a, b) => collator.compare(a.name, b.name),
  connector: (a, b) => collator.compare(a.connector, b.connector),
  health: (a, b) => healthOrder.indexOf(a.health) - healthOrder.indexOf(b.health),
  rows: (a, b) => a.recordCount - b.recordCount,
  lastSync: (a, b) => compareTimes(a.lastSyncAt, b.lastSyncAt),
  next: (a, b) => compareTimes(a.nextRunAt, b.nextRunAt),
};

const compareTimes = (a: string | null, b: string | null): number =>
  a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1;

/** In a new order; equal ones stay as they were. An unknown column changes nothing. */
export function sortSources(
  sources: readonly SourceSummary[],
  { by, descending }: Sorting,
): readonly SourceSummary[] {
  const order = orders[by];
  if (order === undefined) return sources;
  return sources.toSorted(descending ? (a, b) => order(b, a) : order);
}
