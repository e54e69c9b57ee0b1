import * as z from 'zod';
import type { LandedFile } from '../../connectors/connector.ts';
import { bytesBetween } from './bytesBetween.ts';
import { PieceHashes } from './pieceHashes.ts';
import type { RangeLayout } from './rangeLayout.ts';
import { csvRows, lineRows, type RowAutomaton, rowStates } from './rowAutomaton.ts';
import { rowSegment } from './rowSegment.ts';
import { SegmentScanner, type SegmentsByState } from './segmentScanner.ts';
import { Utf8Scanner, utf8Stretch } from './utf8Stretch.ts';

/** What one stretch of a text file shows by itself, as it is handed from one function to another. */
export const stretchScan = z.strictObject({
  segments: z.array(z.tuple([z.union(rowStates.map((state) => z.literal(state))), rowSegment])),
  utf8: utf8Stretch,
  /** SHA-256 of the pieces that lie in it. */
  pieces: z.array(z.string()),
});
export type StretchScan = z.infer<typeof stretchScan>;

export interface ScanStretchOptions {
  /** Bytes `[from, to)`; `from` MUST be where a piece begins. */
  readonly from: number;
  readonly to: number;
  /** Rows begin here; what stands in front is looked at for its encoding only. */
  readonly dataByte: number;
  readonly layout: RangeLayout;
  readonly pieceBytes: number;
  readonly signal: AbortSignal;
}

export const automatonOf = (layout: RangeLayout): RowAutomaton =>
  layout.format === 'csv' ? csvRows(layout.dialect) : lineRows();

/** Reads a stretch of a file once, for where its rows begin, its encoding and its hash. Nothing of it is kept. */
export async function scanStretch(
  file: LandedFile,
  { from, to, dataByte, layout, pieceBytes, signal }: ScanStretchOptions,
): Promise<StretchScan> {
  const rows = new SegmentScanner(automatonOf(layout));
  const utf8 = new Utf8Scanner();
  const hashes = new PieceHashes(pieceBytes);
  let at = from;
  for await (const chunk of bytesBetween(file, from, to, signal)) {
    hashes.scan(chunk);
    utf8.scan(chunk);
    rows.scan(chunk.subarray(Math.max(0, dataByte - at)));
    at += chunk.length;
  }
  return {
    segments: [...rows.segments()],
    utf8: utf8.stretch(),
    pieces: [...hashes.pieces()],
  };
}

export const segmentsOf = ({ segments }: StretchScan): SegmentsByState => new Map(segments);
