import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/engines/**', 'tests/soak/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: files that boot engines or a whole Headgate must not starve each other.
    maxWorkers: 2,
    reporters: ['default', './tests/namedTestsReporter.ts', './scripts/countsReporter.ts'],
  },
});
