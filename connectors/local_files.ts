import * as z from 'zod';
import { defineLandedFilesConnector } from '../shared/connectors/files.ts';
import { isGlob } from '../shared/connectors/matchesGlob.ts';
import { fileFormatOptions } from '../shared/formats/fileFormatOptions.ts';

export default defineLandedFilesConnector({
  name: 'local_files',
  title: 'Local files',
  description:
    'CSV, TSV, JSON, JSON lines, Parquet and Excel files, uploaded or dropped into a folder, plain or compressed.',
  docs: 'https://duckdb.org/docs/stable/data/overview',
  fileTypes: ['.csv', '.tsv', '.json', '.jsonl', '.ndjson', '.parquet', '.xlsx'],
  config: fileFormatOptions.extend({
    pattern: z.string().min(1).max(200).refine(isGlob, 'Too many alternatives.').optional().meta({
      title: 'Pattern',
      description:
        'Only files whose name matches are loaded: * within a folder, ** across folders, {a,b} either.',
    }),
  }),
});
