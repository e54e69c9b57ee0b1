import type { Authenticated } from './authenticate.ts';
import type { S3Request } from './s3Request.ts';
import type { S3Store } from './store.ts';

/** A signed request on its way to an operation. */
export interface S3Call {
  readonly request: S3Request;
  readonly signed: Authenticated;
}

/** What an operation answers; the service writes it. Headers that are undefined are left out. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** A whole document. */
  readonly xml?: string;
  /** Bytes of an object; `content-length` is among the headers. */
  readonly stream?: { readonly chunks: AsyncIterable<Uint8Array>; readonly release: () => void };
}

/** @throws S3Error for every refusal */
export type Operation = (store: S3Store, call: S3Call) => S3Answer | Promise<S3Answer>;

export const quoted = (etag: string): string => `"${etag}"`;
