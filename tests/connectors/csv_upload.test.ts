import { expect, it } from 'vitest';
import csvUpload from '../../connectors/csv_upload.ts';
import { describeConnector } from './conformance.ts';
import { landedFilesExample } from './landedFilesExample.ts';

describeConnector(
  landedFilesExample(
    csvUpload,
    { 'a.csv': 'id\n1\n', 'b.csv.gz': 'packed', 'dir/c.tsv': 'id\tname\n2\tx\n', 'd.csv': '' },
    { 'a-late.csv': 'id\n3\n', 'later.csv.zst': 'packed too' },
  ),
);

it('takes CSV and TSV only, and no settings for other formats', () => {
  expect(csvUpload.fileTypes).toEqual(['.csv', '.tsv']);
  expect(
    csvUpload.config.safeParse({ delimiter: ';', encoding: 'windows-1252', header: false }).success,
  ).toBe(true);
  expect(csvUpload.config.safeParse({ sheet: 'Orders' }).success).toBe(false);
  expect(csvUpload.config.safeParse({ delimiter: ';;' }).success).toBe(false);
});
