const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Text of an XML document without its entities and CDATA marks. */
export function xmlText(raw: string): string {
  if (!raw.includes('&') && !raw.includes('<')) return raw;
  return raw.replace(
    /<!\[CDATA\[([\s\S]*?)\]\]>|&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,8}));/g,
    (whole, data?: string, hex?: string, decimal?: string, name?: string) => {
      if (data !== undefined) return data;
      if (name !== undefined) return named[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/**
 * A cell's text: entities gone, and the escapes with which Excel spells characters XML cannot hold
 * (`_x000D_`; ECMA-376 part 1, 22.9.2.19).
 */
export function cellText(raw: string): string {
  const text = xmlText(raw);
  return text.includes('_x')
    ? text.replace(/_x([0-9a-fA-F]{4})_/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text;
}

/** The value of an attribute in the text of a start tag. */
export function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s(?:\\w+:)?${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  const raw = match?.[1] ?? match?.[2];
  return raw === undefined ? undefined : xmlText(raw);
}

/** All texts of `<t>` in a string item or inline string, in order, without phonetic readings. */
export function textRuns(xml: string): string {
  const readable = xml.includes('rPh')
    ? xml.replace(/<(\w+:)?rPh[\s>][\s\S]*?<\/\1?rPh>/g, '')
    : xml;
  let text = '';
  for (const [, , , run] of readable.matchAll(/<(\w+:)?t(\s[^>]*[^/])?>([\s\S]*?)<\/\1?t>/g))
    text += run;
  return cellText(text);
}
