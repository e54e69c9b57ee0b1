import type { IncomingMessage } from 'node:http';
import { AwsError } from './awsError.ts';

/** DynamoDB's own limit, the largest of the JSON services. */
const maxBytes = 16 * 1024 * 1024;

/**
 * The whole body of a request, at most 16 MB.
 * Rejects with `ClientGone` when the client left half way: nothing MUST be done for such a request.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new AwsError('RequestEntityTooLarge', 'The request is larger than 16 MB', {
          status: 413,
        });
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw new AwsError('ClientGone', 'The client left before its request was complete');
  }
  if (!request.complete)
    throw new AwsError('ClientGone', 'The client left before its request was complete');
  return Buffer.concat(chunks);
}
