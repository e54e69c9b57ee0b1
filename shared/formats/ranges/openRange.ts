import { canonicalDialect, canonicalNull } from '../canonicalCsv.ts';
import { csvPass } from '../csv/csvPass.ts';
import { decodeText } from '../decodeText.ts';
import { jsonPass, type ShapeMembers } from '../json/jsonPass.ts';
import { type JsonText, jsonTexts } from '../json/jsonTexts.ts';
import { surveyRecords } from '../json/readJsonHead.ts';
import type { TabularFile } from '../tabularFile.ts';
import { takeBytes } from '../takeBytes.ts';
import type { RangeLayout } from './rangeLayout.ts';

const sampleBytes = 4 * 2 ** 20;

export interface OpenRangeOptions {
  readonly layout: RangeLayout;
  /** 1-based line of the file in which the stretch begins. */
  readonly firstLine: number;
  /** It is the file's first: what stands above the header is rejected with it. */
  readonly isFirst: boolean;
  readonly reshape: ShapeMembers | null;
}

/**
 * A stretch of a text file that begins and ends where rows do, as a file of its own, whose rejects name the lines
 * of the whole. `open` gives the stretch's bytes each time.
 */
export async function openRange(
  open: () => AsyncIterable<Uint8Array>,
  { layout, firstLine, isFirst, reshape }: OpenRangeOptions,
): Promise<TabularFile> {
  const { encoding, detected } = layout;
  const chunks = (): AsyncIterable<Uint8Array> =>
    decodeText(open(), { encoding, markBytes: 0, isAssumed: false }).chunks;
  if (layout.format === 'csv') {
    const { dialect, columns, survey } = layout;
    const preamble = isFirst ? layout.preamble : [];
    return {
      survey,
      dialect,
      nullText: '',
      rowFormat: 'csv',
      detected,
      pass: (_, reject, admission) =>
        csvPass({
          layout: { dialect, columns, preamble, firstLine },
          chunks: chunks(),
          skipBytes: 0,
          reject,
          admission,
        }),
    };
  }
  const { bytes, isWhole } = await takeBytes(chunks(), sampleBytes);
  return {
    survey: await surveyRecords(bytes, isWhole, 'lines', reshape),
    dialect: canonicalDialect,
    nullText: canonicalNull,
    rowFormat: 'json',
    isSparse: true,
    detected,
    pass: (columns, reject, admission) =>
      jsonPass({
        texts: moved(jsonTexts(chunks(), 'lines'), firstLine - 1),
        layout: columns,
        reshape,
        reject,
        admission,
      }),
  };
}

async function* moved(texts: AsyncIterable<JsonText>, lines: number): AsyncGenerator<JsonText> {
  for await (const text of texts) yield { ...text, line: text.line + lines };
}
