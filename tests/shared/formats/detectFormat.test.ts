import { describe, expect, it } from 'vitest';
import { detectCompression, detectFormat } from '../../../shared/formats/detectFormat.ts';

const text = Buffer.from('a,b\n1,2\n');
const parquet = Buffer.from('PAR1....');
const zip = Buffer.from('PK\x03\x04....', 'latin1');
const gzip = Buffer.from([0x1f, 0x8b, 8, 0]);
const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

describe('compression', () => {
  it.each([
    ['a.csv', text, 'none'],
    ['a.csv.gz', gzip, 'gzip'],
    ['a.csv.zst', zstd, 'zstd'],
    ['a.csv', gzip, 'gzip'],
    ['a.gz', zstd, 'zstd'],
    ['a.CSV.GZ', gzip, 'gzip'],
  ])('of %s is %s', (name, head, compression) => {
    expect(detectCompression(name, head)).toBe(compression);
  });

  it('is not taken on trust', () => {
    expect(() => detectCompression('a.csv.gz', text)).toThrow(/called gzip, but it is plain text/);
  });
});

describe('format', () => {
  it.each([
    ['a.csv', text, 'csv'],
    ['a.tsv.gz', text, 'tsv'],
    ['a.json', Buffer.from('[{}]'), 'json'],
    ['a.jsonl', Buffer.from('{}'), 'jsonl'],
    ['a.ndjson', Buffer.from('{}'), 'jsonl'],
    ['a.parquet', parquet, 'parquet'],
    ['a.xlsx', zip, 'xlsx'],
    ['a.txt', text, 'csv'],
    ['a', Buffer.from('\ufeff [1]'), 'json'],
    ['noending', parquet, 'parquet'],
    ['A.PARQUET', parquet, 'parquet'],
  ])('of %s is %s', (name, head, format) => {
    expect(detectFormat(name, head, {})).toBe(format);
  });

  it('is what the settings say, where the bytes allow it', () => {
    expect(detectFormat('a.txt', text, { format: 'tsv' })).toBe('tsv');
    expect(() => detectFormat('a.csv', text, { format: 'parquet' })).toThrow(/not a Parquet file/);
  });

  it.each([
    ['a.parquet', zip, /is not a Parquet file: it is a zip archive or an Excel workbook/],
    ['a.parquet', text, /plain text/],
    ['a.csv', zip, /is not a CSV file: it is a zip archive/],
    ['a.csv', parquet, /it is a Parquet file/],
    ['a.xlsx', text, /is not an Excel workbook/],
    ['a.xls', text, /.xls files are not supported/],
    ['a.csv', Buffer.from('d0cf11e0a1b11ae1', 'hex'), /old Excel/],
    ['a.csv', Buffer.from('%PDF-1.7'), /a PDF/],
    ['a.csv', Buffer.from('\n <html><body>'), /web page/],
    ['a.json', Buffer.from('<?xml version="1.0"?>'), /XML/],
    ['a.csv', gzip, /compressed twice/],
    ['a.csv', Buffer.from('BZh91AY'), /bzip2/],
  ])('of %s is refused with what it is', (name, head, message) => {
    expect(() => detectFormat(name, head, {})).toThrow(message);
  });
});
