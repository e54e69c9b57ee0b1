import type { MapStorage } from '../../../local/stepfunctions/mapStorage.ts';

/** Objects in memory, by `bucket/key`. */
export function memoryStorage(objects: Map<string, string>): MapStorage {
  const find = (name: string): string => {
    const found = objects.get(name);
    if (found === undefined) throw new Error(`The specified key does not exist: ${name}`);
    return found;
  };
  return {
    async *read({ bucket, key }) {
      // In small pieces, so that lines are cut anywhere.
      const bytes = Buffer.from(find(`${bucket}/${key}`));
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    },
    async *list(bucket, prefix) {
      for (const [name, body] of objects)
        if (name.startsWith(`${bucket}/${prefix}`))
          yield { Key: name.slice(bucket.length + 1), Size: body.length };
    },
    async write({ bucket, key }, body) {
      let text = '';
      for await (const part of body) text += part;
      objects.set(`${bucket}/${key}`, text);
      return Buffer.byteLength(text);
    },
  };
}
