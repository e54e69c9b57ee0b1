import type { SourceSummary } from '../../../client/generated.ts';

export type BadgeColor = 'green' | 'blue' | 'purple' | 'red' | 'yellow' | 'grey';
export type SourceState = SourceSummary['health'];

interface Badge {
  readonly text: string;
  readonly color: BadgeColor;
  readonly pulsing?: true;
}

/** How a source’s state is shown; the words and colours that people know from such pages. */
export const stateBadges: Readonly<Record<SourceState, Badge>> = {
  synced: { text: 'Synced', color: 'green' },
  syncing: { text: 'Syncing…', color: 'blue', pulsing: true },
  processing: { text: 'Processing…', color: 'purple', pulsing: true },
  queued: { text: 'Queued', color: 'blue' },
  failed: { text: 'Failed', color: 'red' },
  no_data: { text: 'No Data', color: 'yellow' },
  never_synced: { text: 'Never Synced', color: 'grey' },
};

/** What the source itself is set to, where that is not the usual. */
export const statusBadges: Readonly<Record<SourceSummary['status'], Badge | null>> = {
  active: null,
  draft: { text: 'Draft', color: 'grey' },
  paused: { text: 'Paused', color: 'grey' },
  archived: { text: 'Archived', color: 'grey' },
};

export const isBusy = ({ health }: Pick<SourceSummary, 'health'>): boolean =>
  health === 'queued' || health === 'syncing' || health === 'processing';
