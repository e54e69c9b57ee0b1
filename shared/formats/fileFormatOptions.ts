import * as z from 'zod';

export const fileFormat = z.enum(['csv', 'tsv', 'json', 'jsonl', 'parquet', 'xlsx']);
export type FileFormat = z.infer<typeof fileFormat>;

const character = z.string().length(1);

/** How to read a file. Everything left out is detected, and what was detected is recorded in the run's log. */
export const fileFormatOptions = z.strictObject({
  format: fileFormat
    .optional()
    .meta({ title: 'Format', description: 'Left out: by the name’s ending and the first bytes.' }),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin-1']).optional().meta({
    title: 'Encoding',
    description: 'Text encoding. Left out: byte order mark, then UTF-8, then Windows-1252.',
  }),
  delimiter: character.optional().meta({
    title: 'Delimiter',
    description: 'Between columns: comma, semicolon, tab or pipe are detected.',
  }),
  quote: character.optional().meta({ title: 'Quote', description: 'Around values. Usually ".' }),
  header: z
    .boolean()
    .optional()
    .meta({ title: 'Header', description: 'Whether the first line names the columns.' }),
  sheet: z
    .string()
    .optional()
    .meta({ title: 'Sheet', description: 'Name of the sheet of a workbook. Left out: the first.' }),
  types: z.record(z.string(), z.string()).optional().meta({
    title: 'Column types',
    description: 'Column → type, where detection would choose another.',
  }),
});
export type FileFormatOptions = z.infer<typeof fileFormatOptions>;
