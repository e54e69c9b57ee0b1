import { existsSync, globSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
import { noteFailedFiles } from '../scripts/failedFiles.ts';
import { browserPath, enginelessName, namedTests } from './docs/namedTests.ts';

/** Below `tests/`, without `.test.ts`. */
const fileOf = ({ moduleId }: TestModule): string =>
  relative('tests', moduleId).replace(/\.test\.ts$/, '');

const passed = (test: TestCase): boolean => test.result().state === 'passed';

/**
 * Fails a run of the whole suite in which a test that the docs name did not run and pass, or a connector did not become a
 * table. Says nothing about a run of some files, or of some tests. Files of other suites are not its business.
 */
export default class NamedTestsReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const { include, exclude, testNamePattern } = this.#vitest?.config ?? {};
    if (include === undefined || testNamePattern !== undefined) return;
    const ran = new Set(modules.map(({ moduleId }) => relative('.', moduleId)));
    if (!globSync(include, { exclude: [...(exclude ?? [])] }).every((path) => ran.has(path)))
      return;
    const missing = missingTests(modules);
    if (missing.length === 0) return;
    process.stdout.write(
      `\n${missing.map((told) => `failed: named by the docs, and did not run and pass: ${told}\n`).join('')}`,
    );
    noteFailedFiles([null]);
    process.exitCode = 1;
  }
}

/** Words for each named test that did not pass and should have, of files that did not fail: of those it is told. */
function missingTests(modules: readonly TestModule[]): readonly string[] {
  const failed = new Set(
    modules.filter((module) => module.state() === 'failed').map((module) => fileOf(module)),
  );
  const tests = new Map(
    modules.map((module) => [fileOf(module), [...module.children.allTests()].filter(passed)]),
  );
  // What an engine's absence leaves out cannot be told from what is missing; CI has them all.
  const lacksEngine = [...tests.values()].flat().some(({ name }) => enginelessName.test(name));
  return namedTests()
    .filter(({ file, name }) => {
      const own = file === null ? [...tests.values()].flat() : tests.get(file);
      // Undefined: of another suite.
      return own !== undefined && !own.some(({ fullName }) => name.test(fullName));
    })
    .filter(({ file }) => file === null || !failed.has(file))
    .filter(({ file }) => file !== null || !lacksEngine)
    .filter(({ file }) => file?.startsWith('console/') !== true || existsSync(browserPath))
    .map(({ told }) => told);
}
