import { HeadgateError } from '../../errors.ts';
import { plainUrl } from '../../http/safeUrl.ts';
import type { Json } from '../../json.ts';
import { parseJson } from './parseJson.ts';

/** One page is held in memory at a time, and no more than this. */
const mostBytes = 64 * 2 ** 20;

/** The text of an answer. Throws `source_answer_invalid` for one that is too long to be a page. */
export async function readText(response: Response, url: URL): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new HeadgateError(
        'source_answer_invalid',
        `${plainUrl(url)} answered more than ${mostBytes / 2 ** 20} MB in one page.`,
      );
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The JSON of an answer; undefined for text that is none, such as a page of HTML. */
export function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
