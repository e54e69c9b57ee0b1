import { HeadgateError } from '../../errors.ts';
import { plainUrl } from '../../http/safeUrl.ts';
import type { Json } from '../../json.ts';
import { parseJson } from './parseJson.ts';

/** Of one page. */
const mostBytes = 64 * 2 ** 20;

/** Where answers are gathered, in turn: a new one for each would have to be collected, which costs as much as parsing. */
const spares: Buffer[] = [];
const firstBytes = 64 * 1024;
const mostSpares = 2;
const mostBytesKept = 4 * 2 ** 20;

/** The text of an answer. Throws `source_answer_invalid` for one that is too long to be a page. */
export async function readText(response: Response, url: URL): Promise<string> {
  let page = spares.pop() ?? Buffer.allocUnsafeSlow(firstBytes);
  try {
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      const end = bytes + chunk.length;
      if (end > mostBytes)
        throw new HeadgateError(
          'source_answer_invalid',
          `${plainUrl(url)} answered more than ${mostBytes / 2 ** 20} MB in one page.`,
        );
      if (end > page.length) {
        const longer = Buffer.allocUnsafeSlow(Math.max(2 * page.length, end));
        page.copy(longer, 0, 0, bytes);
        page = longer;
      }
      page.set(chunk, bytes);
      bytes = end;
    }
    // At once: a text that is put together of pieces would have to be copied before it can be parsed.
    return new TextDecoder().decode(page.subarray(0, bytes));
  } finally {
    if (spares.length < mostSpares && page.length <= mostBytesKept) spares.push(page);
  }
}

/** The JSON of an answer; undefined for text that is none, such as a page of HTML. */
export function jsonOf(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
