import * as z from 'zod';
import { type FileFormatOptions, fileFormatOptions } from '../../formats/fileFormatOptions.ts';
import { isGlob } from '../matchesGlob.ts';

/** What every source of files elsewhere may be told about them, besides how they are read. */
export const remoteFilesConfig = fileFormatOptions.extend({
  pattern: z.string().min(1).max(500).refine(isGlob, 'Too many alternatives.').optional().meta({
    title: 'Pattern',
    description:
      'Only files whose path matches are loaded: * within a folder, ** across folders, {a,b} either; without / it is meant for the last part. Left out: all files with an ending that Headgate reads.',
  }),
  removed: z.enum(['keep', 'delete']).default('keep').meta({
    title: 'Files that are gone',
    description:
      'keep: rows of files that were removed from the source stay. delete: they go with the next run.',
  }),
});
export type RemoteFilesConfig = FileFormatOptions & {
  readonly pattern?: string | undefined;
  readonly removed: 'keep' | 'delete';
};

const formatFields = Object.keys(fileFormatOptions.shape);

/** What of a source's config says how its files are read. */
export const formatOfFiles = (config: RemoteFilesConfig): FileFormatOptions =>
  Object.fromEntries(
    Object.entries(config).filter(([name]) => formatFields.includes(name)),
  ) as FileFormatOptions;
