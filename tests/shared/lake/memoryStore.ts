import { HeadgateError } from '../../../shared/errors.ts';
import type { ObjectStore } from '../../../shared/lake/tableChange.ts';

/** An object store in a Map that counts its calls. `putNew` refuses a key that exists, as the contract says. */
export class MemoryStore implements ObjectStore {
  readonly bucket: string;
  readonly objects = new Map<string, Uint8Array>();
  gets = 0;
  bytesRead = 0;

  constructor(bucket = 'lake') {
    this.bucket = bucket;
  }

  async get(key: string): Promise<Uint8Array> {
    const body = this.objects.get(key);
    if (body === undefined) throw new HeadgateError('not_found', `no object ${key}`);
    this.gets++;
    this.bytesRead += body.length;
    return body;
  }

  async getRange(key: string, from: number, to: number): Promise<Uint8Array> {
    const body = this.objects.get(key);
    if (body === undefined) throw new HeadgateError('not_found', `no object ${key}`);
    const part = body.subarray(from, to);
    this.gets++;
    this.bytesRead += part.length;
    return part;
  }

  async putNew(key: string, body: Uint8Array): Promise<void> {
    if (this.objects.has(key)) throw new HeadgateError('file_changed', `${key} exists already`);
    this.objects.set(key, body);
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
  }
}
