import { HeadgateError } from '../../errors.ts';
import { type CheckResult, ParkUntil } from '../connector.ts';
import type { FileStore, ListedFile } from './fileStore.ts';

/** A check looks at so many pages of a listing for a file to open. */
const mostPages = 3;

type Refused = Extract<CheckResult, { ok: false }>['code'];
const refusals: readonly string[] = [
  'invalid_credentials',
  'invalid_config',
  'source_forbidden',
  'source_not_found',
  'source_unreachable',
  'address_refused',
] satisfies readonly Refused[];

/** Lists a little, and opens the first file: reading may be forbidden where listing is not. */
export async function checkFiles(
  store: FileStore,
  place: string,
  isWanted: (file: ListedFile) => boolean,
): Promise<CheckResult> {
  try {
    if (store.reach !== undefined) {
      await store.reach();
      return { ok: true, message: `Files can be read from ${place}.` };
    }
    let seen = 0;
    let pages = 0;
    for await (const page of store.list()) {
      seen += page.length;
      const file = page.find(isWanted);
      if (file !== undefined) {
        for await (const _ of store.open(file, 0)) break;
        return { ok: true, message: `Files are there in ${place}, such as ${file.name}.` };
      }
      pages += 1;
      if (pages === mostPages) break;
    }
    return {
      ok: true,
      message: `${place} can be listed, but none of its first ${seen} files is one to load yet. Check prefix and pattern.`,
    };
  } catch (error) {
    return refusedCheck(error);
  }
}

/** What a source's refusal is called in the answer of a check; what was not a refusal is thrown again. */
export function refusedCheck(error: unknown): CheckResult {
  if (error instanceof ParkUntil)
    return { ok: false, code: 'source_unreachable', message: `${error.message}. Try again later.` };
  if (!(error instanceof HeadgateError)) throw error;
  const { code, message } = error;
  return {
    ok: false,
    code: refusals.includes(code) ? (code as Refused) : 'source_unreachable',
    message,
  };
}
