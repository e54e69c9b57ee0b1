import { canonicalDialect, canonicalNull } from '../canonicalCsv.ts';
import type { FileFormatOptions } from '../fileFormatOptions.ts';
import type { TabularFile } from '../tabularFile.ts';
import { jsonPass, type ShapeMembers } from './jsonPass.ts';
import { jsonTexts } from './jsonTexts.ts';
import { describeJson, readJsonHead } from './readJsonHead.ts';

/**
 * A JSON file whose compression is gone: an array of objects, or objects one after the other, usually one a line.
 * Keys are columns; nested values are JSON text, or what `reshape` makes of them; numbers keep every digit. `open`
 * gives its bytes from the start.
 */
export async function openJson(
  open: () => AsyncIterable<Uint8Array>,
  options: FileFormatOptions,
  reshape: ShapeMembers | null = null,
): Promise<TabularFile> {
  const { source, shape, survey } = await readJsonHead(open, options, reshape);
  return {
    survey,
    dialect: canonicalDialect,
    nullText: canonicalNull,
    rowFormat: 'json',
    isSparse: true,
    get detected() {
      return describeJson(source.encoding, shape, options);
    },
    pass: (layout, reject, admission) =>
      jsonPass({ texts: jsonTexts(source.chunks(), shape), layout, reshape, reject, admission }),
  };
}
