import type { FileFormatOptions } from '../fileFormatOptions.ts';
import { fileUnreadable } from '../fileUnreadable.ts';
import type { SurveyedColumn } from '../tabularFile.ts';
import { takeBytes } from '../takeBytes.ts';
import { TextSource } from '../textSource.ts';
import { JsonColumns } from './jsonColumns.ts';
import { membersOf, type ShapeMembers } from './jsonPass.ts';
import { type JsonShape, type JsonText, jsonShapeOf, jsonTexts } from './jsonTexts.ts';

const sampleBytes = 4 * 2 ** 20;

/** What the first megabytes of a JSON file show. */
export interface JsonHead {
  readonly source: TextSource;
  readonly shape: JsonShape;
  readonly survey: readonly SurveyedColumn[];
}

/**
 * Looks at a JSON file whose compression is gone. `open` gives its bytes from the start each time. Throws
 * `file_unreadable` for a file without records, or bytes that are no text.
 */
export async function readJsonHead(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
  reshape: ShapeMembers | null,
): Promise<JsonHead> {
  const source = await TextSource.open(open, options.encoding);
  const { bytes, isWhole } = await takeBytes(source.chunks(), sampleBytes);
  const sample = bytes.toString('utf8');
  if (sample.trim() === '') throw fileUnreadable('The file has no records.');
  const shape = jsonShapeOf(sample);
  return { source, shape, survey: await surveyRecords(bytes, isWhole, shape, reshape) };
}

/** What the records of a sample show; the last one may be cut off. */
export async function surveyRecords(
  bytes: Uint8Array,
  isWhole: boolean,
  shape: JsonShape,
  reshape: ShapeMembers | null,
): Promise<readonly SurveyedColumn[]> {
  const surveyed = new JsonColumns();
  for await (const text of sampleTexts(bytes, isWhole, shape)) {
    const members = membersOf(text, () => undefined);
    if (members !== null) surveyed.add(reshape === null ? members : reshape(members));
  }
  return surveyed.survey();
}

/** What was detected, in words. */
export const describeJson = (
  encoding: string,
  shape: JsonShape,
  { format }: FileFormatOptions,
): string =>
  `${format === 'jsonl' ? 'jsonl' : 'json'}, ${encoding}, ${shape === 'lines' ? 'one record a line' : 'an array or single values'}`;

/** The records of a sample; the one it cuts off, and anything wrong, is left to the reading of the whole file. */
async function* sampleTexts(
  bytes: Uint8Array,
  isWhole: boolean,
  shape: JsonShape,
): AsyncGenerator<JsonText> {
  async function* once(): AsyncGenerator<Uint8Array> {
    yield isWhole ? bytes : bytes.subarray(0, Math.max(0, bytes.lastIndexOf(10)));
  }
  try {
    yield* jsonTexts(once(), shape);
  } catch (error) {
    if (isWhole) throw error;
  }
}
