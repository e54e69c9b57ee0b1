import { relative } from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { noteFailedFiles } from './failedFiles.ts';

/** One line, whatever the names and the message hold; 200 characters of the message. */
const failure = (where: string, errors: readonly Pick<SerializedError, 'message'>[]): string =>
  `failed: ${where}: ${(errors[0]?.message ?? 'no message').slice(0, 200)}`.replaceAll(/\s+/g, ' ');

/** The file that was running when an error outside of tests came up; null when vitest cannot tell. */
function fileOf(error: SerializedError): string | null {
  const path = error['VITEST_TEST_PATH'];
  return typeof path === 'string' ? relative('.', path) : null;
}

/**
 * Ends every run with a line `failed: <file> > <test>: <why>` for each failure, errors outside of tests among them, and
 * then the plain line `N passed, N failed[, N skipped]`, which any CI reader understands.
 */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const failures = unhandled.map((error) => failure('outside of tests', [error]));
    const files = unhandled.map(fileOf);
    for (const module of modules) {
      const file = relative('.', module.moduleId);
      if (module.state() === 'failed') files.push(file);
      failures.push(...module.errors().map((error) => failure(file, [error])));
      for (const suite of module.children.allSuites())
        failures.push(
          ...suite.errors().map((error) => failure(`${file} > ${suite.fullName}`, [error])),
        );
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'failed') failures.push(failure(`${file} > ${test.fullName}`, errors));
        if (state === 'passed' || state === 'skipped') counts[state] += 1;
      }
    }
    counts.failed = failures.length;
    noteFailedFiles(files);
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    process.stdout.write(
      `\n${failures.map((told) => `${told}\n`).join('')}` +
        `${counts.passed} passed, ${counts.failed} failed${skipped}\n`,
    );
  }
}
