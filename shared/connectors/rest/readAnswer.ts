import { HeadgateError } from '../../errors.ts';
import { plainUrl } from '../../http/safeUrl.ts';
import type { Json } from '../../json.ts';
import { parseJson } from './parseJson.ts';

/** One page is held in memory at a time, and no more than this. */
const mostBytes = 64 * 2 ** 20;

/** The text of an answer. Throws `source_answer_invalid` for one that is too long to be a page. */
export async function readText(response: Response, url: URL): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new HeadgateError(
        'source_answer_invalid',
        `${plainUrl(url)} answered more than ${mostBytes / 2 ** 20} MB in one page.`,
      );
  }
  // At once: what is put together of pieces has to be copied before it can be parsed.
  return new TextDecoder().decode(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes));
}

/** The JSON of an answer; undefined for text that is none, such as a page of HTML. */
export function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
