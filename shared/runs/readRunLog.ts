import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { errorTable } from '../errors.ts';
import { type Json, json } from '../json.ts';
import { runLogPrefix } from './runLog.ts';

/** One thing a function said about a run. */
export interface RunLogLine {
  readonly at: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts?: Readonly<Record<string, Json>>;
}

const line = z.looseObject({
  time: z.iso.datetime(),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
});
const bytesPerObject = 256 * 1024;
const mostObjects = 50;

/** What stands in every line, and what no reader of a run needs. */
const unsaid = new Set(['time', 'level', 'message', 'tenant', 'sourceId', 'runId', 'connector']);

/**
 * What Ingest and Commit logged about a run, oldest first: its first 50 invocations, 256 KB of each. An error that
 * is not one of ours is told by its name only; the functions' own logs have the rest.
 */
export async function readRunLog(
  s3: S3Client,
  bucket: string,
  tenant: string,
  runId: string,
): Promise<readonly RunLogLine[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: runLogPrefix(tenant, runId),
      MaxKeys: mostObjects,
    }),
  );
  const lines: RunLogLine[] = [];
  for (const { Key } of Contents) {
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key, Range: `bytes=0-${bytesPerObject - 1}` }),
    );
    for (const text of ((await Body?.transformToString()) ?? '').split('\n')) {
      const read = readLine(text);
      if (read !== null) lines.push(read);
    }
  }
  return lines;
}

/** null for debug lines, and for the last line of an object that was cut. */
function readLine(text: string): RunLogLine | null {
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.level === 'debug') return null;
  const { time, level, message, ...rest } = parsed.data;
  const facts = Object.fromEntries(
    Object.entries(rest).flatMap(([name, value]) => {
      const fact = json.safeParse(name === 'error' ? plainError(value) : value);
      return unsaid.has(name) || !fact.success ? [] : [[name, fact.data]];
    }),
  );
  return { at: time, level, message, ...(Object.keys(facts).length === 0 ? {} : { facts }) };
}

const thrown = z.looseObject({
  name: z.string(),
  message: z.string().optional(),
  code: z.unknown().optional(),
});

function plainError(value: unknown): unknown {
  const parsed = thrown.safeParse(value);
  if (!parsed.success) return 'an error';
  const { name, message, code } = parsed.data;
  return typeof code === 'string' && code in errorTable ? { code, message } : name;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
