import { fileUnreadable } from '../fileUnreadable.ts';
import { meaningOf, type NumberMeaning } from './numberFormat.ts';
import { attribute } from './xmlText.ts';
import type { ZipFile } from './zipFile.ts';

/** What a workbook says about itself, besides its cells. */
export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly part: string }[];
  readonly is1904: boolean;
  /** Meaning of a number by the cell's style index. */
  readonly meanings: readonly NumberMeaning[];
  readonly sharedStrings: string | null;
}

/** Throws `file_unreadable` for a zip file that is no workbook. */
export async function readWorkbook(zip: ZipFile): Promise<Workbook> {
  const root = await relations(zip, '_rels/.rels', '');
  const main =
    root.find(({ type }) => type.endsWith('/officeDocument'))?.target ?? 'xl/workbook.xml';
  if (main.endsWith('.bin'))
    throw fileUnreadable('The workbook is in the binary .xlsb format. Save it as .xlsx.');
  if (!zip.has(main))
    throw fileUnreadable('The file is a zip archive, but no Excel workbook. Unpack it first.');
  const xml = await zip.text(main);
  const folder = main.slice(0, main.lastIndexOf('/') + 1);
  const parts = await relations(zip, `${folder}_rels/${main.slice(folder.length)}.rels`, folder);
  const partOf = (type: string): string | null =>
    parts.find((relation) => relation.type.endsWith(`/${type}`))?.target ?? null;
  const sheets = [...xml.matchAll(/<(?:\w+:)?sheet\s[^>]*>/g)].flatMap(([tag]) => {
    const id = attribute(tag, 'id');
    const part = parts.find(
      (relation) => relation.id === id && relation.type.endsWith('/worksheet'),
    );
    const name = attribute(tag, 'name') ?? '';
    return part === undefined ? [] : [{ name, part: part.target }];
  });
  if (sheets.length === 0) throw fileUnreadable('The workbook has no sheet with cells.');
  const properties = /<(?:\w+:)?workbookPr\b[^>]*>/.exec(xml)?.[0] ?? '';
  const styles = partOf('styles');
  return {
    sheets,
    is1904: /^(1|true|on)$/.test(attribute(properties, 'date1904') ?? ''),
    meanings: styles === null || !zip.has(styles) ? [] : meaningsIn(await zip.text(styles)),
    sharedStrings: partOf('sharedStrings'),
  };
}

async function relations(
  zip: ZipFile,
  part: string,
  folder: string,
): Promise<readonly { readonly id: string; readonly type: string; readonly target: string }[]> {
  if (!zip.has(part)) return [];
  const xml = await zip.text(part);
  return [...xml.matchAll(/<(?:\w+:)?Relationship\s[^>]*>/g)].map(([tag]) => {
    const target = attribute(tag, 'Target') ?? '';
    return {
      id: attribute(tag, 'Id') ?? '',
      type: attribute(tag, 'Type') ?? '',
      target: target.startsWith('/') ? target.slice(1) : resolve(folder, target),
    };
  });
}

/** Resolves `../` in a part's name. */
function resolve(folder: string, target: string): string {
  const path: string[] = [];
  for (const step of (folder + target).split('/'))
    if (step === '..') path.pop();
    else if (step !== '' && step !== '.') path.push(step);
  return path.join('/');
}

function meaningsIn(styles: string): NumberMeaning[] {
  const codes = new Map(
    [...styles.matchAll(/<(?:\w+:)?numFmt\s[^>]*>/g)].map(([tag]) => [
      Number(attribute(tag, 'numFmtId')),
      attribute(tag, 'formatCode') ?? '',
    ]),
  );
  const cellFormats = /<(\w+:)?cellXfs\b[^>]*>([\s\S]*?)<\/\1?cellXfs>/.exec(styles)?.[2] ?? '';
  return [...cellFormats.matchAll(/<(?:\w+:)?xf\s[^>]*>/g)].map(([tag]) =>
    meaningOf(Number(attribute(tag, 'numFmtId') ?? 0), codes),
  );
}
