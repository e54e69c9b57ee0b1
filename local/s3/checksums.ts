import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme, combineCrc, crc32c } from './crc.ts';
import { S3Error } from './s3Error.ts';

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** A checksum as S3 stores and returns it. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; a composite ends with `-<parts>`. */
  readonly value: string;
  /** COMPOSITE is a checksum of the parts' checksums. */
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** `x-amz-checksum-crc32` … */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string =>
  `x-amz-checksum-${algorithm.toLowerCase()}`;
/** `ChecksumCRC32` …, the element in XML. */
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

/** @throws S3Error InvalidRequest */
export function parseAlgorithm(text: string): ChecksumAlgorithm {
  const algorithm = checksumAlgorithms.find((known) => known === text.toUpperCase());
  if (algorithm === undefined)
    throw new S3Error(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
    );
  return algorithm;
}

export interface RunningChecksum {
  update(data: Uint8Array): void;
  digest(): Buffer;
}

const runningCrc32 = (step: (data: Uint8Array, previous: number) => number): RunningChecksum => {
  let value = 0;
  return {
    update: (data) => {
      value = step(data, value);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
};

export function createChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'CRC32':
      return runningCrc32(crc32);
    case 'CRC32C':
      return runningCrc32(crc32c);
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'SHA1':
    case 'SHA256':
      return createHash(algorithm.toLowerCase());
  }
}

export interface PartChecksum {
  /** Base64. */
  readonly value: string;
  readonly bytes: number;
}

/** The checksum of a multipart object from those of its parts. */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  type: StoredChecksum['type'],
  parts: readonly PartChecksum[],
): StoredChecksum {
  if (type === 'FULL_OBJECT') {
    if (algorithm === 'SHA1' || algorithm === 'SHA256')
      throw new S3Error('InvalidRequest', `${algorithm} has no checksum of the full object`);
    const number = (value: string): bigint =>
      BigInt(`0x${Buffer.from(value, 'base64').toString('hex')}`);
    const whole = parts.reduce(
      (sum, { value, bytes }) => combineCrc(algorithm, sum, number(value), bytes),
      0n,
    );
    const digits = algorithm === 'CRC64NVME' ? 16 : 8;
    const value = Buffer.from(whole.toString(16).padStart(digits, '0'), 'hex').toString('base64');
    return { algorithm, type, value };
  }
  const running = createChecksum(algorithm);
  for (const { value } of parts) running.update(Buffer.from(value, 'base64'));
  return { algorithm, type, value: `${running.digest().toString('base64')}-${parts.length}` };
}
