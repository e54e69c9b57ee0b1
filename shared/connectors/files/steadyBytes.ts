import { HeadgateError } from '../../errors.ts';
import type { Context, FileRef } from '../connector.ts';
import type { FileStore } from './fileStore.ts';

/** A connection that breaks this often without a byte in between is given up. */
const mostFailures = 4;

/**
 * A file's bytes from an offset on, however often the connection breaks: read on from where it did. A file that is
 * shorter or longer than it was listed is left to its reader to notice.
 */
export async function* steadyBytes(
  store: FileStore,
  file: FileRef,
  from: number,
  { signal, sleep, log }: Pick<Context<unknown, unknown>, 'signal' | 'sleep' | 'log'>,
): AsyncGenerator<Uint8Array> {
  let at = from;
  for (let failures = 0; at < file.bytes; ) {
    signal.throwIfAborted();
    const before = at;
    try {
      for await (const chunk of store.open(file, at)) {
        signal.throwIfAborted();
        at += chunk.length;
        yield chunk;
      }
      if (at >= file.bytes) return;
      throw new HeadgateError(
        'source_unreachable',
        `${file.name} ended after ${at} of ${file.bytes} bytes.`,
        { facts: { file: file.name } },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HeadgateError) || error.code !== 'source_unreachable') throw error;
      failures = at > before ? 1 : failures + 1;
      if (failures > mostFailures) throw error;
      log.warn('reading a file on after the connection broke', { file: file.name, at, failures });
      await sleep(1000 * 2 ** (failures - 1));
    }
  }
}
