import { fileItemPrefix } from '../files/fileItem.ts';
import { runItemPrefix } from '../runs/runItem.ts';
import { driftPrefix } from '../schema/driftItem.ts';

/** Sort keys of the items whose changes the publisher is told of: what is an event, and tokens that go. */
export const eventfulSortKeys = {
  prefixes: [runItemPrefix, fileItemPrefix, driftPrefix],
  whole: ['SOURCE', 'LOCK', 'TOKEN'],
} as const;
