import { describe, expect, it } from 'vitest';
import { parseAllowedAddresses } from '../../../shared/http/allowedAddresses.ts';
import { canonicalHost } from '../../../shared/http/canonicalHost.ts';
import { createFetch } from '../../../shared/http/createFetch.ts';
import { createHostResolver } from '../../../shared/http/createHostResolver.ts';
import { resolvePublicHost } from '../../../shared/http/resolvePublicHost.ts';

const refused = expect.objectContaining({ code: 'address_refused' });
const nobody = async (): Promise<never> => {
  throw new Error('a literal address must not be looked up');
};

/** One address of every kind that must never be dialled for a user. */
const forbidden = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  '100::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::8.8.8.8',
  '64:ff9b:1::10.0.0.1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '2001::1',
  '2001:0:7f00:1::',
  '3fff::1',
  '5f00::1',
  '4000::1',
];

/** The same machine in other words: all of them are 127.0.0.1 to a URL parser or to getaddrinfo. */
const spellings = [
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0X7F.1',
  '017700000001',
  '0177.0.0.1',
  '127.0.0.1.',
  '127.0.0.01',
  '１２７.０.０.１',
  '127。0。0。1',
  '%31%32%37.0.0.1',
];

describe('addresses that are refused', () => {
  it('are those of every kind that is not public, with and without a name', async () => {
    const none = parseAllowedAddresses([]);
    for (const address of forbidden) {
      await expect([
        address,
        await resolvePublicHost(address, none, nobody).catch((e) => e.code),
      ]).toEqual([address, 'address_refused']);
      const named = resolvePublicHost('name.example', none, async () => [address]);
      expect([address, await named.catch((error) => error.code)]).toEqual([
        address,
        'address_refused',
      ]);
    }
  });

  it('are found behind every spelling of a number', async () => {
    const fetch = createFetch({ allow: [], resolve: nobody });
    for (const spelling of spellings) {
      const failure = await fetch(`https://${spelling}/`).catch((error) => error.code);
      expect([spelling, failure]).toEqual([spelling, 'address_refused']);
    }
    const resolveHost = createHostResolver({ allow: [], resolve: nobody });
    for (const spelling of spellings) await expect(resolveHost(spelling)).rejects.toThrow(refused);
  });

  it('are found behind names of the machine itself, whatever DNS says', async () => {
    const resolveHost = createHostResolver({ allow: [], resolve: async () => ['93.184.216.34'] });
    for (const host of [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      'ⓛocalhost',
      'localhost.localdomain',
    ])
      await expect(resolveHost(host)).rejects.toThrow(refused);
  });

  it('are all that is no host name', async () => {
    const resolveHost = createHostResolver({ allow: [], resolve: nobody });
    for (const host of [
      '',
      ' ',
      '.',
      '..',
      'a..',
      'a b',
      'a/b',
      'a:80',
      'user@host',
      'host?x',
      'host#x',
      'host\\x',
      '/var/run/postgresql',
      '[::1',
      '::1]',
      'fe80::1%eth0',
      '[fe80::1%25eth0]',
      '1.2.3.4.5',
      '256.1.1.1',
      '999999999999',
      'a\u0000b',
      'a\nb',
    ])
      await expect(resolveHost(host), JSON.stringify(host)).rejects.toThrow(refused);
  });

  it('are not told to the user, only their kind', async () => {
    const resolveHost = createHostResolver({ allow: [], resolve: async () => ['10.11.12.13'] });
    const failure: Error = await resolveHost('inside.example').catch((error) => error);
    expect(failure.message).toContain('inside.example leads to a private address');
    expect(JSON.stringify({ ...failure, message: failure.message })).not.toContain('10.11.12.13');
  });
});

describe('addresses that may be dialled', () => {
  it('are public ones, by name and by number', async () => {
    const resolveHost = createHostResolver({
      allow: [],
      resolve: async (name) => {
        expect(name).toBe('xn--bcher-kva.example');
        return ['2606:4700::6810:85e5', '104.16.133.229'];
      },
    });
    expect(await resolveHost('Bücher.example.')).toBe('104.16.133.229');
    const literal = createHostResolver({ allow: [], resolve: nobody });
    expect(await literal('8.8.8.8')).toBe('8.8.8.8');
    expect(await literal('[2606:4700::1111]')).toBe('2606:4700::1111');
  });

  it('are the public ones of a name that has others too', async () => {
    const mixed = async (): Promise<string[]> => ['10.0.0.1', '64:ff9b::808:808', '8.8.8.8', '::1'];
    const pinned = await resolvePublicHost('mixed.example', parseAllowedAddresses([]), mixed);
    expect(pinned).toEqual([{ address: '8.8.8.8', family: 4, opened: false }]);
  });

  it('are what the operator opened, by network, address or name, and nothing beside it', async () => {
    const resolve = async (name: string): Promise<string[]> => [
      name.startsWith('db') ? '10.1.2.3' : '10.2.2.3',
    ];
    const byNetwork = createHostResolver({ allow: ['10.1.0.0/16', 'fd00:1::/32'], resolve });
    expect(await byNetwork('db.corp.example')).toBe('10.1.2.3');
    expect(await byNetwork('fd00:1::5')).toBe('fd00:1::5');
    for (const host of ['other.corp.example', '10.2.0.1', 'fd00:2::5', '::ffff:10.1.2.3'])
      await expect(byNetwork(host)).rejects.toThrow(refused);
    const byName = createHostResolver({ allow: ['DB.corp.example', ' *.lab.example '], resolve });
    expect(await byName('db.corp.example')).toBe('10.1.2.3');
    expect(await byName('a.b.lab.example')).toBe('10.2.2.3');
    for (const host of [
      'corp.example',
      'xdb.corp.example',
      'lab.example',
      'alab.example',
      '10.1.2.3',
    ])
      await expect(byName(host)).rejects.toThrow(refused);
    const machine = createHostResolver({
      allow: ['127.0.0.0/8'],
      resolve: async () => ['127.0.0.1'],
    });
    expect(await machine('localhost')).toBe('127.0.0.1');
  });

  it('are never all of them by mistake: an entry that cannot be read stops the start', () => {
    for (const entry of [
      '10',
      '0x7f.1',
      '10.0.0.0/33',
      '10/8',
      'a b',
      'http://host',
      '10.0.0.1:5432',
      '*',
      'a.*',
      '300.1.1.1',
      '10.0.0',
    ])
      expect(() => createFetch({ allow: [entry] })).toThrow(entry);
    expect(() => createHostResolver({ allow: ['', ' '] })).not.toThrow();
  });
});

it('a host is written the one way everything compares it', () => {
  for (const [host, canonical] of [
    ['EXAMPLE.com.', 'example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['0x7f.1', '127.0.0.1'],
    ['[::FFFF:7f00:1]', '::ffff:7f00:1'],
    ['a_b.internal', 'a_b.internal'],
  ] as const)
    expect(canonicalHost(host).replace('0:0:0:0:0:', '::')).toBe(canonical);
});
