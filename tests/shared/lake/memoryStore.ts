import { HeadgateError } from '../../../shared/errors.ts';
import type { ListedObject, ObjectLister, ObjectStore } from '../../../shared/lake/tableChange.ts';

/** An object store in a Map that counts its calls. `putNew` refuses a key that exists, as the contract says. */
export class MemoryStore implements ObjectStore, ObjectLister {
  readonly bucket: string;
  readonly objects = new Map<string, Uint8Array>();
  /** When objects were written; those that are not here, in 1970. */
  readonly written = new Map<string, Date>();
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

  async *list(prefix: string, after: string | null): AsyncGenerator<ListedObject> {
    for (const key of [...this.objects.keys()].toSorted())
      if (key.startsWith(prefix) && (after === null || key > after))
        yield { key, lastModified: this.written.get(key) ?? new Date(0) };
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.objects.delete(key);
  }
}
