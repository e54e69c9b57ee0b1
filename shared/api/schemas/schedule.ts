import * as z from 'zod';
import { schedule, sourceStatus } from '../../sources/sourceItem.ts';

export const schedulePreviewQuery = z.strictObject({
  cron: z.string().min(1).max(200),
  timezone: z.string().min(1).max(64),
});
export const schedulePreview = z
  .strictObject({
    scheduleText: z.string().describe('In words: “Daily at 02:00 (New York)”.'),
    nextRunTimes: z.array(z.iso.datetime()).describe('The next five.'),
  })
  .meta({ id: 'SchedulePreview' });

export const scheduleEntry = z
  .strictObject({
    sourceId: z.string(),
    sourceKey: z.string(),
    sourceName: z.string(),
    status: sourceStatus,
    schedule,
    scheduleText: z.string(),
    nextRunTimes: z.array(z.iso.datetime()).describe('The next five; empty unless active.'),
  })
  .meta({ id: 'ScheduleEntry' });
