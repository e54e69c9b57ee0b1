import * as z from 'zod';
import { fileStatus } from '../../files/fileItem.ts';
import { runError } from '../../runs/runItem.ts';
import { acceptedRun } from './run.ts';
import { source, sourceKeyText } from './source.ts';

/** 5 TiB: the largest object S3 takes in parts. */
export const maxMultipartBytes = 5 * 1024 ** 4;

const fileToUpload = {
  name: z.string().min(1).max(900).describe('May hold folders: `2026/orders.csv`.'),
  bytes: z.int().nonnegative().optional().describe('Needed with `multipart`.'),
  contentType: z.string().max(255).optional(),
  multipart: z
    .boolean()
    .default(false)
    .describe('Upload in parts: needed above the limit of a single upload, up to 5 TiB.'),
};

export const createUpload = z
  .strictObject({
    ...fileToUpload,
    replace: z
      .boolean()
      .default(false)
      .describe('Take the place of the file of the same name, else 409.'),
  })
  .meta({ id: 'CreateUpload' });
export type CreateUpload = z.infer<typeof createUpload>;

const partUrl = z.strictObject({ partNumber: z.int().positive(), url: z.string() });

export const upload = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('POST'),
      uploadId: z.string(),
      sourceId: z.string(),
      name: z.string(),
      url: z.string(),
      fields: z
        .record(z.string(), z.string())
        .describe('Form fields to send before `file`, as multipart/form-data.'),
      maxBytes: z.int().positive(),
      expiresAt: z.iso.datetime(),
    }),
    z.strictObject({
      method: z.literal('MULTIPART'),
      uploadId: z.string(),
      sourceId: z.string(),
      name: z.string(),
      partBytes: z.int().positive().describe('Of every part but the last.'),
      partCount: z.int().positive(),
      parts: z.array(partUrl).describe('The first of them; ask for the others as you go.'),
      expiresAt: z.iso.datetime(),
    }),
  ])
  .meta({ id: 'Upload' });
export type Upload = z.infer<typeof upload>;

export const uploadPartsQuery = z.strictObject({
  from: z.coerce.number().int().min(1).max(10_000).default(1).describe('First part number.'),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});
export const uploadParts = z
  .strictObject({ parts: z.array(partUrl), expiresAt: z.iso.datetime() })
  .meta({ id: 'UploadParts' });

export const completeUpload = z
  .strictObject({
    triggerSync: z
      .boolean()
      .default(false)
      .describe('Load it now; else it waits for the next run.'),
  })
  .meta({ id: 'CompleteUpload' });

export const file = z
  .strictObject({
    name: z.string(),
    versionId: z.string(),
    bytes: z.int().nonnegative(),
    modifiedAt: z.iso.datetime(),
    status: fileStatus,
    waiting: z.boolean().describe('The next run loads it.'),
    rows: z.int().nonnegative().nullable(),
    rejected: z.int().nonnegative().nullable(),
    loadedAt: z.iso.datetime().nullable(),
    detected: z.string().nullable().describe('What detection chose: `csv, utf-16le, ";"`.'),
    duplicateOf: z
      .string()
      .nullable()
      .describe('A file with the same bytes, whose rows stand for this one’s too.'),
    error: runError.nullable(),
  })
  .meta({ id: 'File' });
export type FileView = z.infer<typeof file>;

export const completedUpload = z
  .strictObject({
    file,
    run: acceptedRun.nullable(),
  })
  .meta({ id: 'CompletedUpload' });

export const reloadFile = z
  .strictObject({
    force: z
      .boolean()
      .default(false)
      .describe('Load it although another file with the same bytes is loaded.'),
  })
  .meta({ id: 'ReloadFile' });

export const fileAndRun = z
  .strictObject({
    file,
    run: acceptedRun.nullable().describe('null: a later run loads it, as too many wait.'),
  })
  .meta({ id: 'FileAndRun' });

export const uploadNewSource = z
  .strictObject({
    name: z
      .string()
      .trim()
      .max(255)
      .optional()
      .describe('Of the source. Missing: 422, as a form would.'),
    description: z.string().max(500).default(''),
    key: sourceKeyText.optional().describe('Left out: made from the name.'),
    connector: z.enum(['csv_upload', 'local_files']).optional(),
    file: z.strictObject(fileToUpload),
  })
  .meta({ id: 'UploadNewSource' });

export const uploadedNewSource = z
  .strictObject({ source, upload })
  .meta({ id: 'UploadedNewSource' });
