import type { LandedFile } from '../../connectors/connector.ts';
import { HeadgateError } from '../../errors.ts';

/** Bytes `[from, to)` of a file. Throws `file_changed` where it has fewer. */
export async function* bytesBetween(
  file: LandedFile,
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = from;
  if (at >= to) return;
  for await (const chunk of file.open(from)) {
    signal.throwIfAborted();
    const part = chunk.subarray(0, to - at);
    at += part.length;
    yield part;
    if (at === to) return;
  }
  throw new HeadgateError('file_changed', `${file.name} changed while it was read.`, {
    facts: { file: file.name, bytes: at, expectedBytes: file.bytes },
  });
}
