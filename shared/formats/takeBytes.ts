/** The first `count` bytes of a stream, or all of it; the rest is not read. */
export async function takeBytes(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > count) return { bytes: Buffer.concat(parts, count), isWhole: false };
  }
  return { bytes: Buffer.concat(parts, size), isWhole: true };
}
