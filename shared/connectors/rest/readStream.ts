import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Batch, StreamRequest } from '../connector.ts';
import type { Placed } from './buildRequest.ts';
import { LostPlace } from './explainAnswer.ts';
import { type ListedPage, listChildren, listPages } from './listPages.ts';
import { at } from './paths.ts';
import type { RestCheckpoint, RestPass, RestSweep } from './restCheckpoint.ts';
import type { RestClient } from './restClient.ts';
import type { RestColumn } from './restColumn.ts';
import type { RestOutcome, RestPages } from './restPages.ts';
import type { RestStream } from './restStream.ts';
import { shapeOf, toBatches } from './shape.ts';
import { sift } from './sift.ts';
import { beginSweep, firstPage, passAfter } from './sweep.ts';
import { timeText } from './times.ts';

export interface ReadInput<Config, Credentials> {
  readonly client: RestClient<Config, Credentials>;
  readonly stream: RestStream<Config, Credentials>;
  /** The stream whose records are this one's parents. */
  readonly parents: RestStream<Config, Credentials> | undefined;
  readonly columns: readonly RestColumn[] | null;
  readonly request: StreamRequest;
  readonly from: RestCheckpoint | null;
  /** No page is asked for before it is wanted. */
  readonly asksLate?: true;
}

/** A list whose place is lost this often in one read is not to be read at all. */
const mostRestarts = 3;

/**
 * Reads one stream page by page: everything, or the changes since the last complete read and what was deleted since.
 * Every page ends with a checkpoint.
 */
export async function* readStream<Config, Credentials>(
  input: ReadInput<Config, Credentials>,
): AsyncGenerator<Batch<RestCheckpoint>> {
  const { client, stream, request, from } = input;
  const { signal, log } = client.context;
  if (from !== null && from.sweep === null && request.mode !== 'incremental') {
    // A whole read that is complete already.
    yield { body: { kind: 'records', records: [] }, checkpoint: from };
    return;
  }
  const since = from?.since ?? null;
  const known = new Set(from?.recent ?? []);
  let sweep = from?.sweep ?? beginSweep(stream, request, since, client.context.now());
  const shape = shapeOf(stream, input.columns, request);
  for (let restarts = 0; ; ) {
    signal.throwIfAborted();
    const list = listOf(stream, sweep.pass);
    try {
      for await (const page of open(input, shape.columns ?? [], list, sweep, since)) {
        signal.throwIfAborted();
        const { kept, recent, seen } = sift(stream, sweep, known, page.records);
        const outcomes =
          list.expand === undefined
            ? kept.map((record) => judge(stream, sweep.pass, record))
            : kept.length === 0
              ? []
              : await list.expand(kept, client, shape.columns ?? []);
        const token = tokenOf(stream, page) ?? sweep.token;
        sweep = { ...sweep, recent, seen, token, page: null, child: null, ...page.next };
        const pass =
          page.next === null ? passAfter(stream, client.context.config, sweep.pass) : sweep.pass;
        const checkpoint: RestCheckpoint =
          pass === null
            ? completed(stream, sweep, since)
            : { v: 1, since, recent: [...known], sweep: { ...sweep, pass } };
        yield* toBatches(shape, outcomes, sweep.pass, page.parent, checkpoint);
        if (checkpoint.sweep === null) return;
        sweep = checkpoint.sweep;
      }
    } catch (error) {
      if (!isLostPlace(error) || (sweep.page === null && sweep.child === null)) throw error;
      restarts += 1;
      if (restarts > mostRestarts) throw error;
      log.warn('the source lost the place in a list, which is read again', {
        stream: request.name,
        reason: error.message,
      });
      const ascending = stream.changes?.kind === 'window' && stream.changes.order === 'ascending';
      sweep = {
        ...sweep,
        page: list.recover?.(sweep.page) ?? firstPage(stream, sweep.pass, since),
        child: null,
        lower: sweep.pass === 'changes' && ascending ? (sweep.seen ?? sweep.lower) : sweep.lower,
      };
    }
  }
}

const isLostPlace = (error: unknown): error is HeadgateError =>
  error instanceof HeadgateError && error.cause instanceof LostPlace;

function listOf<Config, Credentials>(
  stream: RestStream<Config, Credentials>,
  pass: RestPass,
): RestPages<Config, Credentials> {
  const { pages, changes, deletions } = stream;
  switch (pass) {
    case 'full':
      return pages;
    case 'changes':
      return changes?.pages ?? pages;
    case 'deletions':
      return deletions?.pages ?? pages;
  }
}

/** The pages of one pass from where the sweep stands, with its window or token in the requests. */
function open<Config, Credentials>(
  { client, stream, parents, asksLate }: ReadInput<Config, Credentials>,
  columns: readonly RestColumn[],
  list: RestPages<Config, Credentials>,
  sweep: RestSweep,
  since: string | null,
): AsyncGenerator<ListedPage> {
  const { changes, parent } = stream;
  const { lower, upper } = sweep;
  const stateOf = (page: Json) => ({ lower, upper, page, columns });
  if (parent !== undefined && parents !== undefined)
    return listChildren(client, list, parent, parents, sweep, stateOf);
  const placed: Placed[] = [];
  if (sweep.pass === 'changes' && changes?.kind === 'token' && since !== null)
    if (changes.to !== 'address') placed.push([changes.to, since]);
  if (sweep.pass === 'changes' && changes?.kind === 'window') {
    const format = changes.sends ?? changes.format;
    if (changes.from !== undefined && lower !== null)
      placed.push([changes.from, timeText(lower, format, 'lower')]);
    if (changes.to !== undefined) placed.push([changes.to, timeText(upper, format, 'upper')]);
  }
  // Who looks closer at each record asks more than enough meanwhile.
  const readsAhead = asksLate !== true && list.expand === undefined;
  return listPages(client, list, sweep, stateOf, placed, readsAhead);
}

/** What a record of a list is, where nobody looks closer. */
function judge<Config, Credentials>(
  { gone }: RestStream<Config, Credentials>,
  pass: RestPass,
  record: Json,
): RestOutcome {
  const mark = gone === undefined ? undefined : at(record, gone.at);
  const isMarked = gone !== undefined && (gone.is === undefined ? mark != null : mark === gone.is);
  return pass === 'deletions' || isMarked ? { gone: record } : { record };
}

function tokenOf<Config, Credentials>(
  { changes }: RestStream<Config, Credentials>,
  { answer }: ListedPage,
): string | null {
  if (changes?.kind !== 'token') return null;
  const token = at(answer.body, changes.next);
  return typeof token === 'string' && token !== '' ? token : null;
}

/** Throws `source_answer_invalid` when a list that ends with a token ended without. */
function completed<Config, Credentials>(
  { changes }: RestStream<Config, Credentials>,
  sweep: RestSweep,
  since: string | null,
): RestCheckpoint {
  if (changes?.kind === 'token') {
    const token = sweep.token ?? (changes.stays === true ? since : null);
    if (token === null)
      throw new HeadgateError(
        'source_answer_invalid',
        `The last page had no "${changes.next}" to go on from in the next read.`,
      );
    return { v: 1, since: token, recent: [], sweep: null };
  }
  return { v: 1, since: sweep.upper, recent: [...sweep.recent], sweep: null };
}
