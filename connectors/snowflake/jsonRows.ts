import { HeadgateError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';

const [quote, backslash, opening, closing] = [0x22, 0x5c, 0x5b, 0x5d];

/**
 * The inner arrays of `{ "data": [[…], […]] }`, as they come: what is held is the rows of one piece of the answer, and one
 * that is not whole yet. Throws `source_answer_invalid` for an answer that ends before its list does, or has none.
 */
export async function* jsonRows(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<readonly Json[]> {
  let held: Buffer = Buffer.alloc(0);
  let at = 0;
  let depth = 0;
  /** Where the row begins that is being read; -1: between rows. */
  let start = -1;
  let inText = false;
  let hasList = false;
  for await (const piece of pieces) {
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
    const rows: Json[] = [];
    let done = 0;
    for (; at < held.length; at += 1) {
      const byte = held[at];
      if (inText) {
        // The byte after a backslash is passed over, though it may come with the next piece.
        if (byte === backslash) at += 1;
        else if (byte === quote) inText = false;
      } else if (byte === quote) inText = true;
      else if (byte === opening) {
        depth += 1;
        hasList = true;
        if (depth === 2) start = at;
      } else if (byte === closing) {
        if (depth === 2) {
          rows.push(parsed(held.subarray(start, at + 1)));
          done = at + 1;
          start = -1;
        }
        depth -= 1;
      }
    }
    const kept = start === -1 ? Math.min(at, held.length) : Math.max(start, done);
    held = held.subarray(kept);
    at -= kept;
    if (start !== -1) start = 0;
    if (rows.length > 0) yield rows;
  }
  if (!hasList || depth !== 0 || inText)
    throw new HeadgateError(
      'source_answer_invalid',
      'Snowflake’s answer broke off before its rows were whole.',
    );
}

function parsed(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    throw new HeadgateError('source_answer_invalid', 'Snowflake answered a row that is no JSON.');
  }
}
