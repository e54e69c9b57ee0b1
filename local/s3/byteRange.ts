import { S3Error } from './s3Error.ts';

/** Both ends included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One range of a Range header. Syntax errors and several ranges are ignored and give null, as S3 does.
 *
 * @throws S3Error InvalidRange (416) when nothing of the object lies in it
 */
export function parseRange(header: string | undefined, bytes: number): ByteRange | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return null;
  const invalid = new S3Error('InvalidRange', 'The requested range is not satisfiable', {
    elements: { RangeRequested: header ?? '', ActualObjectSize: bytes },
    headers: { 'content-range': `bytes */${bytes}` },
  });
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || bytes === 0) throw invalid;
    return { from: Math.max(0, bytes - suffix), to: bytes - 1 };
  }
  const from = Number(first);
  const to = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < from) return null;
  if (from >= bytes) throw invalid;
  return { from, to };
}

/** `x-amz-copy-source-range`: here a wrong range is an error. @throws S3Error InvalidArgument */
export function parseCopyRange(header: string, bytes: number): ByteRange {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { from: Number(first ?? Number.NaN), to: Number(last ?? Number.NaN) };
  if (!(range.from <= range.to && range.to < bytes))
    throw new S3Error(
      'InvalidArgument',
      `The x-amz-copy-source-range value must be of the form bytes=first-last within the ${bytes} bytes of the source`,
    );
  return range;
}
