import { describe, expect, it } from 'vitest';
import { childrenOf, readXml, textOf } from '../../../local/s3/readXml.ts';
import { writeXml } from '../../../local/s3/writeXml.ts';

describe('XML that comes in', () => {
  it('is read with prefixes, attributes, CDATA, comments and entities', () => {
    const document = readXml(
      `\ufeff<?xml version="1.0"?>\n<s3:Delete xmlns:s3="http://x" a='1'><!-- <b> --><Object><Key>a &amp; &#x1F680;&#233;</Key></Object><Object><Key><![CDATA[<raw>]]></Key></Object><Quiet/></s3:Delete>\n`,
      'Delete',
    );
    expect(childrenOf(document, 'Object').map((object) => textOf(object, 'Key'))).toEqual([
      'a & 🚀é',
      '<raw>',
    ]);
    expect(textOf(document, 'Quiet')).toBe('');
  });

  it('is refused when it is not well-formed, declares entities or nests without end', () => {
    for (const broken of [
      '',
      'text',
      '<Delete>',
      '<Delete></Other>',
      '<Other/>',
      '<Delete/><Delete/>',
      '<Delete>&undefined;</Delete>',
      '<Delete>&#x110000;</Delete>',
      '<!DOCTYPE d [<!ENTITY e "x">]><Delete>&e;</Delete>',
      '<Delete a=1/>',
      '<a>'.repeat(10_000),
      '</Delete>',
    ])
      expect(() => readXml(broken, 'Delete')).toThrow(
        expect.objectContaining({ code: 'MalformedXML' }),
      );
  });
});

it('XML that goes out escapes what is markup or control, and reads back', () => {
  const text = '<&>"\u0001\r\t ü\u{1f680}';
  const xml = writeXml('Root', { Key: [text, 'b'], None: undefined, Flag: true });
  expect(xml.includes('\u0001') || xml.includes('\r')).toBe(false);
  expect(childrenOf(readXml(xml, 'Root'), 'Key').map((key) => key.text)).toEqual([text, 'b']);
});
