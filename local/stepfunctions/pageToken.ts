import { AwsError } from '../protocol/awsError.ts';

/** Where a list goes on, opaque to clients. */
export const encodeToken = (...parts: readonly string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Throws InvalidToken when it is not one of ours. */
export function decodeToken(token: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // Fall through: it is not ours.
  }
  throw new AwsError('InvalidToken', `Invalid Token: '${token}'`);
}
