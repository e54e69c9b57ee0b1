import { defineConfig } from 'vitest/config';

/** The same suites against other engines; `.ci/engines/*.sh` fetch those first. */
export default defineConfig({
  test: {
    include: ['tests/engines/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 1,
    reporters: ['default', './scripts/countsReporter.ts'],
  },
});
