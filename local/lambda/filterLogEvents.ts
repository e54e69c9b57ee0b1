import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import { parseFilterPattern } from './filterPattern.ts';
import { logGroupOf } from './functionEnvironment.ts';
import type { StoredLogLine } from './functionLog.ts';

/** The part of CloudWatch Logs' FilterLogEvents that reading a run's lines needs. */
export const filterLogEventsInput = z.strictObject({
  logGroupName: z.string().startsWith(logGroupOf('')),
  filterPattern: z.string().max(1024).default(''),
  startTime: z.int().nonnegative().default(0),
  /** Exclusive. */
  endTime: z.int().nonnegative().default(Number.MAX_SAFE_INTEGER),
  logStreamNames: z.array(z.string()).min(1).max(100).optional(),
  limit: z.int().min(1).max(10_000).default(10_000),
  nextToken: z.string().regex(/^\d+$/).optional(),
  interleaved: z.boolean().optional(),
});

/** A page is at most this much text, as on AWS. */
const maxPageBytes = 1024 * 1024;
/** What CloudWatch adds to each event when it counts. */
const eventOverheadBytes = 26;

interface FilteredEvents {
  readonly events: readonly object[];
  readonly nextToken?: string;
  readonly searchedLogStreams: readonly [];
}

/** Answers one page, oldest first; a page may hold fewer events than the limit although more follow. */
export async function filterLogEvents(
  query: z.infer<typeof filterLogEventsInput>,
  functionExists: (name: string) => boolean,
  readLog: (name: string, afterId: number) => AsyncIterable<StoredLogLine>,
): Promise<FilteredEvents> {
  const functionName = query.logGroupName.slice(logGroupOf('').length);
  if (!functionExists(functionName))
    throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
  const matches = parseFilterPattern(query.filterPattern);
  const events: object[] = [];
  let bytes = 0;
  let lastId = Number(query.nextToken ?? 0);
  for await (const line of readLog(functionName, lastId)) {
    const wanted =
      line.timestamp >= query.startTime &&
      line.timestamp < query.endTime &&
      (query.logStreamNames?.includes(line.logStreamName) ?? true) &&
      matches(line.message);
    if (wanted) {
      const size = Buffer.byteLength(line.message) + eventOverheadBytes;
      if (events.length === query.limit || (events.length > 0 && bytes + size > maxPageBytes))
        return { events, nextToken: String(lastId), searchedLogStreams: [] };
      bytes += size;
      events.push({
        eventId: String(line.id).padStart(20, '0'),
        ingestionTime: line.timestamp,
        logStreamName: line.logStreamName,
        message: line.message,
        timestamp: line.timestamp,
      });
    }
    lastId = line.id;
  }
  return { events, searchedLogStreams: [] };
}
