import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate and its private key, PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** A throw-away authority and what it signed; another authority, which nobody trusts. */
export interface Certificates {
  readonly authority: Certificate;
  readonly stranger: Certificate;
  readonly server: Certificate;
  /** Signed for the role named by its common name. */
  readonly client: (commonName: string) => Certificate;
}

/** Certificates made by Node alone: a machine with Node and npm may have no openssl. Valid for a day. */
export function makeCertificates(hosts: readonly string[], now = new Date()): Certificates {
  const authority = issue('Headgate test authority', null, [], now);
  return {
    authority,
    stranger: issue('Another authority', null, [], now),
    server: issue(hosts[0] ?? 'localhost', authority, hosts, now),
    client: (commonName) => issue(commonName, authority, [], now),
  };
}

/** X.509 v3 (RFC 5280), ECDSA P-256 with SHA-256. Without an issuer: self-signed authority. */
function issue(
  commonName: string,
  issuer: Certificate | null,
  hosts: readonly string[],
  now: Date,
): Certificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer: KeyObject = issuer === null ? pair.privateKey : createPrivateKey(issuer.key);
  const day = 86_400_000;
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const extensions = [
    issuer === null
      ? extension('551d13', sequence(der(0x01, Buffer.from([0xff]))), true)
      : extension('551d13', sequence()),
  ];
  if (hosts.length > 0)
    extensions.push(extension('551d11', sequence(...hosts.map(subjectAlternativeName))));
  const body = sequence(
    der(0xa0, integer(2)),
    integer(1 + Math.floor(Math.random() * 2 ** 30)),
    algorithm,
    name(issuer === null ? commonName : 'Headgate test authority'),
    sequence(time(new Date(now.getTime() - day)), time(new Date(now.getTime() + day))),
    name(commonName),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const time = (date: Date): Buffer =>
  der(
    0x17,
    Buffer.from(
      date
        .toISOString()
        .slice(2)
        .replace(/[-:T]|\.\d+/g, ''),
    ),
  );
const name = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))));
const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
const subjectAlternativeName = (host: string): Buffer =>
  /^[\d.]+$/.test(host)
    ? der(0x87, Buffer.from(host.split('.').map(Number)))
    : der(0x82, Buffer.from(host));

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt32BE(value, 1);
  let start = 0;
  while (start < 4 && bytes[start] === 0 && (bytes[start + 1] ?? 0) < 0x80) start += 1;
  return der(0x02, bytes.subarray(start));
}
