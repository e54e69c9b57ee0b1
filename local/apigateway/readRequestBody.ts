import type { IncomingMessage } from 'node:http';

/**
 * The whole body, or null when it is longer than `maxBytes`. The rest is then read and thrown away: a
 * connection that is closed on a client which still sends loses the answer on its way.
 * Rejects when the client goes away.
 */
export async function readRequestBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | null> {
  return await new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else {
        chunks = [];
        resolve(null);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client left before its request was complete')));
  });
}
