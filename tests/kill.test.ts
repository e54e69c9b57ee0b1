import { expect, it } from 'vitest';
import { seeded } from './randomness.ts';
import { killAtRandom } from './soak/killAtRandom.ts';

it('loses and doubles no row when it is killed at random moments', async () => {
  const report = await killAtRandom(3, seeded('kill at random'));
  expect(report.problems).toEqual([]);
  expect(report.files).toBeGreaterThan(0);
  expect(report.postgresRows).toBeGreaterThan(0);
}, 240_000);
