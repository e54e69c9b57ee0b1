import { defineLandedFilesConnector } from '../shared/connectors/files.ts';
import { fileFormatOptions } from '../shared/formats/fileFormatOptions.ts';

export default defineLandedFilesConnector({
  name: 'csv_upload',
  title: 'CSV upload',
  description: 'CSV and TSV files that are uploaded, plain or compressed with gzip or zstd.',
  docs: 'https://www.rfc-editor.org/rfc/rfc4180',
  fileTypes: ['.csv', '.tsv'],
  config: fileFormatOptions.omit({ format: true, sheet: true }),
});
