import { expect, it } from 'vitest';
import { beforeFold } from '../../../../shared/connectors/sql/beforeFold.ts';

it.each([
  // Central Europe, 27 October 2024: 03:00 becomes 02:00.
  ['Europe/Berlin', '2024-10-27 01:59:59.999999', '2024-10-27 01:59:59.999999'],
  ['Europe/Berlin', '2024-10-27 02:00:00', '2024-10-27 02:00:00'],
  ['Europe/Berlin', '2024-10-27 02:00:00.000001', '2024-10-27 02:00:00'],
  ['Europe/Berlin', '2024-10-27 02:59:59.999', '2024-10-27 02:00:00'],
  ['Europe/Berlin', '2024-10-27 03:00:00', '2024-10-27 03:00:00'],
  // A day later, and the spring's jump forward.
  ['Europe/Berlin', '2024-10-28 02:30:00', '2024-10-28 02:30:00'],
  ['Europe/Berlin', '2024-03-31 02:30:00', '2024-03-31 02:30:00'],
  ['Europe/Berlin', '2024-03-31 03:30:00', '2024-03-31 03:30:00'],
  ['America/New_York', '2024-11-03 01:30:00', '2024-11-03 01:00:00'],
  // Half an hour, and over midnight.
  ['Australia/Lord_Howe', '2024-04-07 01:45:00', '2024-04-07 01:30:00'],
  ['Australia/Lord_Howe', '2024-04-07 01:15:00', '2024-04-07 01:15:00'],
  ['America/Santiago', '2024-04-06 23:10:00', '2024-04-06 23:00:00'],
  ['UTC', '2024-10-27 02:30:00', '2024-10-27 02:30:00'],
  // With an offset no hour comes twice.
  ['Europe/Berlin', '2024-10-27 02:30:00+02', '2024-10-27 02:30:00+02'],
])('%s: a read up to %s stops at %s', (zone, local, expected) => {
  expect(beforeFold(local, zone)).toBe(expected);
});

it('never moves the end forward, nor further back than the hour that comes twice, on any night of a year', () => {
  for (const zone of ['Europe/London', 'Asia/Kolkata', 'Africa/Casablanca', 'Antarctica/Troll'])
    for (let night = 0; night < 366 * 4; night += 1) {
      const local = new Date(Date.UTC(2024, 0, 1 + Math.floor(night / 4), night % 4, 20))
        .toISOString()
        .slice(0, 19)
        .replace('T', ' ');
      const back = Date.parse(`${local}Z`) - Date.parse(`${beforeFold(local, zone)}Z`);
      expect(back, `${zone} ${local}`).toBeGreaterThanOrEqual(0);
      expect(back, `${zone} ${local}`).toBeLessThan(2 * 3_600_000);
    }
});
