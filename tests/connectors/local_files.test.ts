import { expect, it } from 'vitest';
import localFiles from '../../connectors/local_files.ts';
import { HeadgateError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { landedFile } from '../shared/staging/testLoader.ts';
import { describeConnector } from './conformance.ts';
import { landedFilesExample } from './landedFilesExample.ts';

describeConnector(
  landedFilesExample(
    localFiles,
    { 'a.csv': 'id\n1\n', 'b.jsonl': '{"id":2}\n', 'c.parquet': 'PAR1', 'd.xlsx': 'PK' },
    { 'e.json': '[{"id":3}]', 'f.tsv': 'id\n4\n' },
  ),
);

const contextWith = (config: object, names: readonly string[]) => ({
  config: localFiles.config.parse(config),
  credentials: {},
  fetch: async () => {
    throw new HeadgateError('address_refused', 'no network here');
  },
  resolveHost: async () => '',
  now: () => new Date(),
  sleep: async () => {},
  signal: new AbortController().signal,
  log: createLog(() => {}),
  landing: {
    async *pending() {
      for (const name of names) yield landedFile(name, 'x');
    },
  },
});
const request = {
  name: 'files',
  mode: 'incremental' as const,
  primaryKey: [],
  cursorField: null,
  columns: null,
  window: null,
};

it('hands its settings on with every file, and delivers only files that match the pattern', async () => {
  const context = contextWith({ pattern: 'sales/*.{csv,tsv}', delimiter: ';', sheet: 'Orders' }, [
    'sales/a.csv',
    'sales/2025/b.csv',
    'other/c.csv',
    'sales/d.tsv',
  ]);
  const batches = await Array.fromAsync(localFiles.read(context, request, null));
  expect(
    batches.map(({ body }) => (body.kind === 'file' ? [body.file.name, body.options] : body)),
  ).toEqual([
    ['sales/a.csv', { delimiter: ';', sheet: 'Orders' }],
    ['sales/d.tsv', { delimiter: ';', sheet: 'Orders' }],
  ]);
  expect(batches.map(({ checkpoint }) => checkpoint)).toEqual([
    { v: 1, after: { name: 'sales/a.csv', versionId: 'v1' }, isDone: false },
    { v: 1, after: { name: 'sales/d.tsv', versionId: 'v1' }, isDone: true },
  ]);
});

it('delivers a file that failed again when it waits again, whatever was delivered last', async () => {
  const last = { v: 1 as const, after: { name: 'a.csv', versionId: 'v1' }, isDone: true };
  const context = contextWith({}, ['a.csv']);
  const batches = await Array.fromAsync(localFiles.read(context, request, last));
  expect(batches).toHaveLength(1);
});
