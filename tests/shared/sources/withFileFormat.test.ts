import { expect, it } from 'vitest';
import * as z from 'zod';
import { withFileFormat } from '../../../shared/sources/withFileFormat.ts';
import { csvUpload, database, localFiles } from '../../functions/api/exampleConnectors.ts';

const files = {
  ...localFiles,
  config: z.strictObject({ format: z.string().optional(), delimiter: z.string().optional() }),
};

it('puts the format into the configuration of a connector that reads several', () => {
  expect(withFileFormat(files, { config: { delimiter: ';' }, fileFormat: 'csv' })).toEqual({
    delimiter: ';',
    format: 'csv',
  });
});

it('leaves the configuration of a connector that reads only that', () => {
  expect(withFileFormat(csvUpload, { config: {}, fileFormat: 'csv' })).toEqual({});
});

it('refuses what the connector does not read, and what contradicts itself', () => {
  const refused = expect.objectContaining({
    code: 'validation_failed',
    fields: [expect.objectContaining({ pointer: '#/fileFormat' })],
  });
  for (const attempt of [
    () => withFileFormat(csvUpload, { config: {}, fileFormat: 'parquet' }),
    () => withFileFormat(database, { config: { host: 'h' }, fileFormat: 'csv' }),
    () => withFileFormat(files, { config: { format: 'json' }, fileFormat: 'csv' }),
  ]) {
    let thrown: unknown;
    try {
      attempt();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toEqual(refused);
  }
});

it('moves with the format when it changes, and goes with it', () => {
  const before = { config: { format: 'csv', delimiter: ';' }, fileFormat: 'csv' };
  const after = (fileFormat: string | null) =>
    withFileFormat(files, { config: before.config, fileFormat }, before);
  expect(after('json')).toEqual({ format: 'json', delimiter: ';' });
  expect(after(null)).toEqual({ delimiter: ';' });
  expect(after('csv')).toEqual(before.config);
});

it('keeps a format that was only ever in the configuration', () => {
  const before = { config: { format: 'csv' }, fileFormat: null };
  expect(withFileFormat(files, { config: before.config, fileFormat: null }, before)).toEqual(
    before.config,
  );
});

it('keeps what a draft without a connector says', () => {
  expect(withFileFormat(null, { config: { a: 1 }, fileFormat: 'csv' })).toEqual({ a: 1 });
});
