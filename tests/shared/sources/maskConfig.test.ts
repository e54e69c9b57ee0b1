import { expect, it } from 'vitest';
import * as z from 'zod';
import { maskConfig, unmaskConfig } from '../../../shared/sources/maskConfig.ts';

const schema = z.strictObject({
  host: z.string(),
  pem: z.string().meta({ secret: true }),
  nested: z.strictObject({ pin: z.string().meta({ secret: true }), label: z.string() }).optional(),
});

it('masks fields the connector marks, at any depth', () => {
  expect(maskConfig({ host: 'h', pem: 'P', nested: { pin: '1234', label: 'l' } }, schema)).toEqual({
    host: 'h',
    pem: '***',
    nested: { pin: '***', label: 'l' },
  });
});

it('masks by name what no schema describes', () => {
  expect(
    maskConfig(
      {
        password: 'a',
        api_key: 'b',
        apiKey: 'c',
        clientSecret: 'd',
        'access-token': 'e',
        connectionString: 'f',
        headers: [{ Authorization: 'Bearer g' }],
      },
      null,
    ),
  ).toEqual({
    password: '***',
    api_key: '***',
    apiKey: '***',
    clientSecret: '***',
    'access-token': '***',
    connectionString: '***',
    headers: [{ Authorization: '***' }],
  });
});

it('leaves what only sounds secret', () => {
  const config = {
    primaryKey: ['id'],
    cursorKey: 'id',
    tokens: 3,
    secret: false,
    password: '',
    keyColumn: 'k',
    tokenUrl: 'https://example.com/token',
    monkey: 'm',
  };
  expect(maskConfig(config, null)).toEqual(config);
});

it.each([
  ['postgres://u:p%40ss@h:5432/db', 'postgres://u:***@h:5432/db'],
  ['https://h/x.csv?X-Amz-Signature=abc&part=1', 'https://h/x.csv?X-Amz-Signature=***&part=1'],
  ['https://h/x?sig=a%2Bb&se=2026', 'https://h/x?sig=***&se=2026'],
  ['https://h/x?access_token=t#f', 'https://h/x?access_token=***#f'],
  ['https://user@h/x', 'https://user@h/x'],
  ['https://h/plain?page=2', 'https://h/plain?page=2'],
  ['not a url ://:@', 'not a url ://:@'],
])('masks inside %s', (url, masked) => {
  expect(maskConfig({ url }, null)).toEqual({ url: masked });
});

it('puts back exactly what was masked and comes back unchanged', () => {
  const stored = { host: 'h', pem: 'P', nested: { pin: '1234', label: 'l' } };
  const shown = maskConfig(stored, schema);
  expect(unmaskConfig(shown, stored, schema)).toEqual(stored);
  expect(unmaskConfig({ ...shown, host: 'h2' }, stored, schema)).toEqual({ ...stored, host: 'h2' });
  expect(unmaskConfig({ ...shown, pem: 'new' }, stored, schema)).toEqual({ ...stored, pem: 'new' });
  const url = { url: 'postgres://u:p@h/db' };
  expect(unmaskConfig(maskConfig(url, null), url, null)).toEqual(url);
  expect(unmaskConfig({ host: 'h' }, stored, schema)).toEqual({ host: 'h' });
});
