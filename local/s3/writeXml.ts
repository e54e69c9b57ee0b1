/** A document as plain data: an array repeats its element, undefined leaves it out. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Control characters are legal in keys; S3 writes them as references, XML 1.1 style. */
const escapeText = (text: string): string =>
  text.replaceAll(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
    /[&<>"\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g,
    (character) => escapes[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );

function writeValue(value: XmlValue): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  if (Array.isArray(value)) return value.map(writeValue).join('');
  return Object.entries(value)
    .map(([name, child]: [string, XmlValue]) => {
      if (child === undefined) return '';
      const elements: readonly XmlValue[] = Array.isArray(child) ? child : [child];
      return elements.map((element) => `<${name}>${writeValue(element)}</${name}>`).join('');
    })
    .join('');
}

/** A whole document; every S3 answer but `<Error>` carries the namespace. */
export function writeXml(
  root: string,
  value: XmlValue,
  namespace = 'http://s3.amazonaws.com/doc/2006-03-01/',
): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${writeValue(value)}</${root}>`;
}
