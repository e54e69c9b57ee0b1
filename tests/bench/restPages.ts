import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An API in a process of its own that answers as fast as it can: its pages are made once, and only the numbers in them
 * are written anew. Prints its port. `GET /v1/customers?page=<n>`: `recordsPerPage` records and whether there are more.
 */
const [, , recordsText = '1000000', perPageText = '500'] = process.argv;
const records = Number(recordsText);
const perPage = Number(perPageText);
const digits = 9;

interface Page {
  readonly body: Buffer;
  /** Where each record has its number, twice. */
  readonly places: readonly (readonly [record: number, at: number])[];
}

const mark = '#########';
const customer = (index: number): object => ({
  id: `cus_${mark}`,
  created_at: new Date(1_700_000_000_000 + index * 61_000).toISOString(),
  updated_at: new Date(1_750_000_000_000 + index * 7_000).toISOString(),
  email: `person${mark}@example.com`,
  name: `Ada Example ${index}`,
  phone: index % 3 === 0 ? null : `+44 20 7946 ${String(index % 10_000).padStart(4, '0')}`,
  status: ['lead', 'customer', 'churned'][index % 3],
  balance: index * 100 - 5_000,
  score: index / 7,
  orders: index % 40,
  delinquent: index % 11 === 0,
  currency: 'eur',
  address: {
    line1: `${index} Example Street`,
    city: 'London',
    postal_code: 'N1 9GU',
    country: 'GB',
  },
  tags: ['newsletter', `group-${index % 17}`],
  metadata: { plan: 'team', referrer: index % 2 === 0 ? 'search' : 'a friend' },
  description: 'A customer of some years, who asked for “invoices by post”, twice.',
});

function makePage(): Page {
  const data = Array.from({ length: perPage }, (_, index) => customer(index));
  // Room for `false`.
  const body = Buffer.from(
    JSON.stringify({ object: 'list', has_more: true, data }).replace('true', 'true '),
  );
  const places: (readonly [number, number])[] = [];
  for (let at = body.indexOf(mark), count = 0; at >= 0; at = body.indexOf(mark, at + 1), count++)
    places.push([count >> 1, at]);
  return { body, places };
}

const page = makePage();
const last = Math.ceil(records / perPage);

/** Whoever takes a full page for one that is not the last asks for one more. */
const nothing = Buffer.from(JSON.stringify({ object: 'list', has_more: false, data: [] }));

function bodyOf(number: number): Buffer {
  if (number > last) return nothing;
  const body = Buffer.from(page.body);
  const first = (number - 1) * perPage;
  for (const [record, at] of page.places)
    body.write(String(first + record).padStart(digits, '0'), at, digits, 'latin1');
  if (number === last) body.write('false', body.indexOf('true '), 5, 'latin1');
  return body;
}

const server = createServer((request, response) => {
  const query = new URL(request.url ?? '/', 'http://bench').searchParams;
  const body = bodyOf(Number(query.get('page') ?? 1));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
