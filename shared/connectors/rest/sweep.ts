import { HeadgateError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { StreamRequest } from '../connector.ts';
import type { RestPass, RestSweep } from './restCheckpoint.ts';
import type { RestStream } from './restStream.ts';
import { fieldOf } from './texts.ts';

/** The pass after this one; null: the read is complete. */
export const passAfter = <Config, Credentials>(
  stream: RestStream<Config, Credentials>,
  config: unknown,
  pass: RestPass,
): RestPass | null => (pass === 'changes' && readsDeletions(stream, config) ? 'deletions' : null);

/** Whether a list of what was deleted is read, which a switch may turn off. */
export const readsDeletions = <Config, Credentials>(
  { deletions }: RestStream<Config, Credentials>,
  config: unknown,
): boolean =>
  deletions !== undefined &&
  (deletions.when === undefined || fieldOf(config, deletions.when.config) === 'true');

/** Whether any range of dates can be read: not where the source forgets older changes. */
export const readsRanges = <Config, Credentials>({
  changes,
}: RestStream<Config, Credentials>): boolean =>
  changes?.kind === 'window' && changes.keptSeconds === undefined;

/** Where a list begins: null, or the address that the last read was given for the changes after it. */
export const firstPage = <Config, Credentials>(
  { changes }: RestStream<Config, Credentials>,
  pass: RestPass,
  since: string | null,
): Json =>
  pass === 'changes' && changes?.kind === 'token' && changes.to === 'address' ? since : null;

const isoSeconds = (milliseconds: number): string =>
  new Date(Math.floor(milliseconds / 1000) * 1000).toISOString();

/**
 * A new read: its pass and its window, whose upper end is frozen now. Whole seconds, because many sources know no less.
 * Throws `cursor_expired` when the source no longer has what changed since, `invalid_config` for a window without a time.
 */
export function beginSweep<Config, Credentials>(
  stream: RestStream<Config, Credentials>,
  request: StreamRequest,
  since: string | null,
  now: Date,
): RestSweep {
  const { changes } = stream;
  const lag = changes?.kind === 'window' ? changes.lagSeconds * 1000 : 0;
  const end = now.getTime() - lag;
  const sweep = {
    page: null,
    seen: null,
    token: null,
    recent: [],
    child: null,
    upper: isoSeconds(end),
  };
  if (request.window !== null) {
    if (!readsRanges(stream))
      throw new HeadgateError(
        'invalid_config',
        `${request.name} cannot be read for a range of dates.`,
        { facts: { stream: request.name } },
      );
    const { from, to } = request.window;
    const upper = new Date(Math.min(end, to === null ? end : Date.parse(to))).toISOString();
    return { ...sweep, pass: 'changes', lower: new Date(from).toISOString(), upper };
  }
  if (request.mode !== 'incremental' || since === null || changes === undefined)
    return { ...sweep, pass: 'full', lower: null };
  if (changes.kind === 'token')
    return { ...sweep, pass: 'changes', lower: null, page: firstPage(stream, 'changes', since) };
  const start = Date.parse(since);
  if (changes.keptSeconds !== undefined && now.getTime() - start > changes.keptSeconds * 1000)
    throw new HeadgateError(
      'cursor_expired',
      `${request.name} was last read up to ${since}, and its source keeps changes for ${Math.round(changes.keptSeconds / 86_400)} days. Start a full refresh once.`,
      { facts: { stream: request.name, since } },
    );
  // The clock went back, or the lag grew: never a window that ends before it begins.
  const upper = isoSeconds(Math.max(end, start));
  return {
    ...sweep,
    pass: 'changes',
    lower: isoSeconds(start - changes.overlapSeconds * 1000),
    upper,
  };
}
