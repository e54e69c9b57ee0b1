import { createHash } from 'node:crypto';
import type { MessageAttribute } from './messageStore.ts';

export const bodyDigest = (body: string): string => createHash('md5').update(body).digest('hex');

/**
 * The MD5 that SDKs compare with their own: attributes by name, each as length and bytes of name, type and
 * value, with one byte telling text (1) from binary (2). Developer Guide, "Calculating the MD5 message digest
 * for message attributes".
 */
export function attributesDigest(
  attributes: Readonly<Record<string, MessageAttribute>>,
): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash('md5');
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    digest.update(Buffer.from([DataType.startsWith('Binary') ? 2 : 1]));
    add(
      DataType.startsWith('Binary')
        ? Buffer.from(BinaryValue ?? '', 'base64')
        : Buffer.from(StringValue ?? ''),
    );
  }
  return digest.digest('hex');
}
