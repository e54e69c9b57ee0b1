import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/engines/**', 'tests/soak/**'],
    // Limits are for what hangs: a loaded machine is several times slower than a quiet one.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
    // Two cores: files that boot engines or a whole Headgate must not starve each other.
    maxWorkers: 2,
    reporters: ['default', './tests/namedTestsReporter.ts', './scripts/countsReporter.ts'],
  },
});
