import { S3Error } from './s3Error.ts';

/** An element; names are without their namespace prefix, attributes are dropped. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const malformed = (): S3Error =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

const named: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
};

function unescapeText(text: string): string {
  return text.replaceAll(/&([^;&]*);?/g, (_whole, entity: string) => {
    const known = named[entity];
    if (known !== undefined) return known;
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(entity);
    const point =
      number === null
        ? Number.NaN
        : Number.parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10);
    if (!(point <= 0x10ffff)) throw malformed();
    return String.fromCodePoint(point);
  });
}

const token =
  /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const deepest = 20;

interface OpenElement {
  readonly name: string;
  text: string;
  readonly children: XmlElement[];
}

/**
 * Reads a request body. Knows elements, text, CDATA, comments; a DTD is refused, so no entity can expand.
 *
 * @throws S3Error MalformedXML
 */
export function readXml(source: string, root: string): XmlElement {
  const stack: OpenElement[] = [{ name: '', text: '', children: [] }];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    const open = stack.at(-1);
    if (match === null || open === undefined) throw malformed();
    const [, cdata, slash, qualified, , selfClosing, text] = match;
    if (text !== undefined) open.text += unescapeText(text);
    else if (cdata !== undefined) open.text += cdata;
    else if (qualified !== undefined) {
      const name = qualified.slice(qualified.indexOf(':') + 1);
      if (slash === '/') {
        if (name !== open.name || stack.length < 2) throw malformed();
        stack.pop();
        stack.at(-1)?.children.push(open);
      } else if (selfClosing === '/') open.children.push({ name, text: '', children: [] });
      else if (stack.length > deepest) throw malformed();
      else stack.push({ name, text: '', children: [] });
    }
  }
  const [document] = stack;
  const [element] = document?.children ?? [];
  if (
    stack.length !== 1 ||
    element?.name !== root ||
    document?.children.length !== 1 ||
    document.text.replace('\ufeff', '').trim() !== ''
  )
    throw malformed();
  return element;
}

export const childrenOf = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((child) => child.name === name);

/** Text of the first child of that name, or undefined. */
export const textOf = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text;

/** @throws S3Error MalformedXML when the child is not there. */
export function requiredText(element: XmlElement, name: string): string {
  const text = textOf(element, name);
  if (text === undefined) throw malformed();
  return text;
}
