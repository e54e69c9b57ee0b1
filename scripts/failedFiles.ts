import { appendFileSync } from 'node:fs';

/**
 * Adds to the file that `HEADGATE_FAILED_FILES` names, if it does, a line for each test file that failed, so that
 * `.ci/run` can run those once more. Null, for a failure that no file can be run again for, is the line `unknown`.
 */
export function noteFailedFiles(files: readonly (string | null)[]): void {
  const path = process.env['HEADGATE_FAILED_FILES'];
  if (path === undefined || files.length === 0) return;
  const lines = new Set(files.map((file) => file ?? 'unknown'));
  appendFileSync(path, [...lines, ''].join('\n'));
}
