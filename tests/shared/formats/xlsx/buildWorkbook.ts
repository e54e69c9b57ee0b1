import { crc32, deflateRawSync } from 'node:zlib';

/** A zip file of texts, deflated. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    header.writeUInt16LE(8, 8);
    header.writeUInt32LE(crc32(plain), 14);
    header.writeUInt32LE(packed.length, 18);
    header.writeUInt32LE(plain.length, 22);
    header.writeUInt16LE(Buffer.byteLength(name), 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(20, 6);
    header.copy(entry, 10, 8, 30);
    entry.writeUInt16LE(0, 30);
    entry.writeUInt32LE(offset, 42);
    parts.push(header, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += header.length + Buffer.byteLength(name) + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

export interface WorkbookParts {
  /** XML inside `<sheetData>`, by sheet name. */
  readonly sheets: Readonly<Record<string, string>>;
  readonly sharedStrings?: readonly string[];
  /** Format codes of styles 0, 1, …; numbers are built-in ids. */
  readonly formats?: readonly (string | number)[];
  readonly date1904?: boolean;
  /** Namespace prefix of the sheets' elements, as some writers have it. */
  readonly prefix?: string;
}

/** A workbook as small as Excel would still open it. */
export function buildWorkbook({
  sheets,
  sharedStrings,
  formats = [],
  date1904 = false,
  prefix = '',
}: WorkbookParts): Buffer {
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const names = Object.keys(sheets);
  const relation = (id: string, type: string, target: string): string =>
    `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`;
  const custom = formats.flatMap((format, index) =>
    typeof format === 'string'
      ? [`<numFmt numFmtId="${200 + index}" formatCode="${escaped(format)}"/>`]
      : [],
  );
  return zip({
    '_rels/.rels': `<Relationships>${relation('r0', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><workbookPr${date1904 ? ' date1904="1"' : ''}/><sheets>${names.map((name, index) => `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="s${index}"/>`).join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${names.map((_, index) => relation(`s${index}`, 'worksheet', `worksheets/sheet${index + 1}.xml`)).join('')}${relation('st', 'styles', 'styles.xml')}${sharedStrings === undefined ? '' : relation('ss', 'sharedStrings', '/xl/sharedStrings.xml')}</Relationships>`,
    'xl/styles.xml': `<styleSheet><numFmts>${custom.join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${formats.map((format, index) => `<xf numFmtId="${typeof format === 'string' ? 200 + index : format}" applyNumberFormat="1"/>`).join('')}</cellXfs></styleSheet>`,
    ...(sharedStrings === undefined
      ? {}
      : { 'xl/sharedStrings.xml': `<?xml version="1.0"?><sst>${sharedStrings.join('')}</sst>` }),
    ...Object.fromEntries(
      names.map((name, index) => [
        `xl/worksheets/sheet${index + 1}.xml`,
        `<?xml version="1.0"?><${prefix}worksheet xmlns="${main}"><${prefix}cols><${prefix}col min="1"/></${prefix}cols><${prefix}sheetData>${sheets[name]}</${prefix}sheetData><${prefix}rowBreaks count="1"><${prefix}brk id="1"/></${prefix}rowBreaks></${prefix}worksheet>`,
      ]),
    ),
  });
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
