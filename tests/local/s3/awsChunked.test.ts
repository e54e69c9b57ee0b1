import { describe, expect, it } from 'vitest';
import { ChunkSignatures, decodeAwsChunked } from '../../../local/s3/awsChunked.ts';
import { sign } from '../../../local/s3/signature.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(
  text: string,
  size = 7,
): Promise<{ body: string; trailers: Record<string, string> }> {
  const trailers = new Map<string, string>();
  let body = '';
  for await (const chunk of decodeAwsChunked(inPieces(text, size), trailers, null))
    body += Buffer.from(chunk).toString('latin1');
  return { body, trailers: Object.fromEntries(trailers) };
}

describe('aws-chunked', () => {
  it('is taken off whatever pieces it arrives in', async () => {
    const signed = `5;chunk-signature=${'f'.repeat(64)}`;
    const framed = `a\r\n0123456789\r\n${signed}\r\n\r\n\r\n\r\r\n0\r\nX-Amz-Checksum-Crc32: AAAA==\r\n\r\n`;
    for (let size = 1; size <= framed.length; size++)
      expect(await decode(framed, size)).toEqual({
        body: '0123456789\r\n\r\n\r',
        trailers: { 'x-amz-checksum-crc32': 'AAAA==' },
      });
  });

  it('may hold nothing, with or without an empty line at its end', async () => {
    for (const empty of ['0\r\n\r\n', '0\r\n'])
      expect(await decode(empty)).toEqual({ body: '', trailers: {} });
  });

  it('is refused when it breaks off or is no framing at all', async () => {
    for (const broken of [
      '',
      '5\r\n0123',
      '5\r\n01234',
      '5\r\n01234\r\n',
      'x\r\n',
      '5\r\n012345\r\n0\r\n\r\n',
      '-1\r\n',
      'plain text without any line',
      '0\r\nno colon\r\n\r\n',
      'f'.repeat(20_000),
    ])
      await expect(decode(broken)).rejects.toThrow(
        expect.objectContaining({ code: 'IncompleteBody' }),
      );
  });
});

/**
 * The worked example of the S3 API reference, "Signature calculations for the Authorization header:
 * transferring payload in multiple chunks".
 */
describe('signatures of the published example', () => {
  const scope = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    date: '20130524',
    region: 'us-east-1',
    service: 's3',
  };
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const chunks = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ];
  const request = {
    scope,
    amzDate: '20130524T000000Z',
    signature: seed,
    payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  };

  it('the request’s signature comes out', () => {
    const stringToSign = [
      'AWS4-HMAC-SHA256',
      '20130524T000000Z',
      '20130524/us-east-1/s3/aws4_request',
      'cee3fed04b70f867d036f722359b0b1f2f0e5dc0efadbc082b76c4c60e316455',
    ].join('\n');
    expect(sign(scope, stringToSign, secret)).toBe(seed);
  });

  it('each chunk’s signature is accepted after the one before it, and no other', () => {
    const bodies = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a'), Buffer.alloc(0)];
    const verify = (order: readonly number[]): void => {
      const signatures = new ChunkSignatures(request, secret);
      for (const index of order) {
        signatures.update(bodies[index] ?? Buffer.alloc(0));
        signatures.endChunk(chunks[index]);
      }
    };
    verify([0, 1, 2]);
    expect(() => verify([0, 2])).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
    expect(() => verify([1])).toThrow(expect.objectContaining({ code: 'SignatureDoesNotMatch' }));
  });
});
