/** What the first bytes of a file give away, in words that finish "it is …". */
export type Content =
  | { readonly kind: 'gzip' | 'zstd' | 'zip' | 'parquet' }
  | { readonly kind: 'unsupported'; readonly name: string };

const unsupported: readonly (readonly [string, string])[] = [
  ['d0cf11e0a1b11ae1', 'an old Excel or Word file (.xls, .doc): save it as .xlsx or .csv'],
  ['255044462d', 'a PDF'],
  ['89504e470d0a1a0a', 'a PNG image'],
  ['ffd8ff', 'a JPEG image'],
  ['47494638', 'a GIF image'],
  ['377abcaf271c', 'a 7-Zip archive: unpack it'],
  ['fd377a585a00', 'compressed with xz: use gzip or zstd'],
  ['425a68', 'compressed with bzip2: use gzip or zstd'],
  ['52617221', 'a RAR archive: unpack it'],
  ['4f626a01', 'an Avro file'],
  ['4f5243', 'an ORC file'],
  ['4152524f5731', 'an Arrow file'],
  ['53514c69746520666f726d6174203300', 'a SQLite database'],
  ['7f454c46', 'a program'],
];

/** null: nothing known, so probably text. Reads at most the first 64 bytes. */
export function contentOf(head: Uint8Array): Content | null {
  const hex = Buffer.from(head.subarray(0, 16)).toString('hex');
  if (hex.startsWith('1f8b')) return { kind: 'gzip' };
  // A frame, or a skippable frame in front of one.
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return { kind: 'zstd' };
  if (/^504b(0304|0506|0708)/.test(hex)) return { kind: 'zip' };
  if (hex.startsWith('50415231') || hex.startsWith('50415245')) return { kind: 'parquet' };
  const known = unsupported.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined) return { kind: 'unsupported', name: known[1] };
  const text = Buffer.from(head.subarray(0, 64))
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '');
  if (/^\s*<(!doctype html|html)/i.test(text))
    return { kind: 'unsupported', name: 'a web page: the link may have led to a login' };
  if (/^\s*<\?xml/i.test(text)) return { kind: 'unsupported', name: 'an XML file' };
  return null;
}
