import type { DecodedValue, LogDecoder } from '../../shared/connectors/logs/logSession.ts';
import { parseJson } from '../../shared/connectors/rest/parseJson.ts';
import { isObject } from '../../shared/connectors/sql/isObject.ts';
import type { KafkaContext } from './connectBroker.ts';
import { openRegistry } from './openRegistry.ts';

/** What keys and values say, by the formats of the configuration. */
export async function openDecoder(context: KafkaContext): Promise<LogDecoder> {
  const { keyFormat, valueFormat } = context.config;
  const registry =
    keyFormat === 'avro' || valueFormat === 'avro' ? await openRegistry(context) : null;
  return {
    async key(bytes) {
      if (keyFormat === 'base64') return bytes.toString('base64');
      if (registry === null || keyFormat !== 'avro') return bytes.toString();
      const key = await registry.decode(bytes);
      return typeof key === 'string' ? key : JSON.stringify(key);
    },
    async value(bytes): Promise<DecodedValue> {
      if (valueFormat === 'base64') return { text: bytes.toString('base64') };
      if (registry !== null && valueFormat === 'avro') {
        const value = await registry.decode(bytes);
        return isObject(value) ? { fields: value } : { text: JSON.stringify(value) };
      }
      const text = bytes.toString();
      if (valueFormat === 'text') return { text };
      try {
        const value = parseJson(text);
        return isObject(value) ? { fields: value } : { text };
      } catch {
        // Nothing is lost by what is no JSON: it is there to be looked at.
        return { text };
      }
    },
  };
}
