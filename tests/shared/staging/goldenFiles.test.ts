import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HeadgateError } from '../../../shared/errors.ts';
import { TestLoader, typesOf } from './testLoader.ts';

const folder = join(import.meta.dirname, '../../fixtures/files');
const files = readdirSync(folder).filter(
  (name) => !/(^biome\.json|\.(expected\.json|ts|py))$/.test(name),
);
/** Set to write what is read now as what is expected; then read the difference with care. */
const isUpdating = process.env['HEADGATE_UPDATE_GOLDEN'] === '1';

/** What is to be known of a file once it was loaded, or why it could not be. */
async function outcomeOf(name: string): Promise<unknown> {
  await using loader = await TestLoader.open();
  try {
    const counts = await loader.load(name, readFileSync(join(folder, name)));
    const loaded = await loader.finish();
    const rejects = await loader.rows(loaded.rejects);
    const rows = (await loader.rows(loaded.adds)).slice(0, 8);
    return {
      detected: loaded.files[0]?.detected,
      read: counts.read,
      written: counts.written,
      rejected: counts.rejected,
      types: typesOf(loaded.schema),
      rows: rows.map(({ _unfit, ...row }) => (_unfit === null ? row : { ...row, _unfit })),
      rejects: rejects.map(({ line, column_name, reason, row_text }) => ({
        line,
        column_name,
        reason,
        row_text,
      })),
    };
  } catch (error) {
    if (!(error instanceof HeadgateError)) throw error;
    const finished = await loader.finish();
    expect(finished.adds, 'nothing of a file that cannot be read').toEqual([]);
    return { error: error.code, message: error.message };
  } finally {
    expect(loader.leftovers()).toEqual([]);
  }
}

describe('every file of tests/fixtures/files is read as written down beside it', () => {
  it('finds the files', () => expect(files.length).toBeGreaterThan(40));

  it.each(files)('%s', async (name) => {
    const expected = join(folder, `${name}.expected.json`);
    const outcome = await outcomeOf(name);
    if (isUpdating) writeFileSync(expected, `${JSON.stringify(outcome, null, 2)}\n`);
    expect(existsSync(expected), `${name}.expected.json`).toBe(true);
    expect(outcome).toEqual(JSON.parse(readFileSync(expected, 'utf8')));
  });
});
