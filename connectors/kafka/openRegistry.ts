import type { Type } from 'avsc';
import { isObject } from '../../shared/connectors/sql/isObject.ts';
import { HeadgateError } from '../../shared/errors.ts';
import type { RetryInit } from '../../shared/http/withRetries.ts';
import type { Json } from '../../shared/json.ts';
import type { KafkaContext } from './connectBroker.ts';

/** Decodes Avro whose schema a registry has. */
export interface Registry {
  decode(bytes: Buffer): Promise<Json>;
}

/** Before the Avro bytes: a zero, and the schema's number. https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format */
const prefixBytes = 5;

/** A Confluent-compatible schema registry. Schemas are asked for once each. */
export async function openRegistry(context: KafkaContext): Promise<Registry> {
  const { config, credentials, signal } = context;
  const avro = await import('avsc');
  const { schemaRegistry } = config;
  if (schemaRegistry === undefined)
    throw new HeadgateError('invalid_config', 'Avro needs the address of a schema registry.');
  const base = schemaRegistry.replace(/\/$/, '');
  const { registryUser, registryPassword = '' } = credentials;
  const known = new Map<number, Promise<Type>>();

  /** A number beyond 2^53 as its text: loaders read it in a column of numbers like the number. */
  const longType = avro.types.LongType.__with({
    fromBuffer: (buffer: Buffer) => {
      const value = buffer.readBigInt64LE();
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    },
    toBuffer: () => {
      throw new Error('nothing is written');
    },
    fromJSON: (value: unknown) => value,
    toJSON: (value: unknown) => value,
    isValid: (value: unknown) => typeof value === 'number' || typeof value === 'string',
    compare: () => 0,
  });

  const typeOf = (id: number): Promise<Type> => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const asked = fetchType(id);
    known.set(id, asked);
    return asked;
  };

  async function fetchType(id: number): Promise<Type> {
    const init: RetryInit = {
      headers: {
        accept: 'application/vnd.schemaregistry.v1+json, application/json',
        ...(registryUser === undefined
          ? {}
          : {
              authorization: `Basic ${Buffer.from(`${registryUser}:${registryPassword}`).toString('base64')}`,
            }),
      },
      signal,
      retry: { givesRefusals: true },
    };
    const response = await context.fetch(`${base}/schemas/ids/${id}`, init);
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(response.status, id, base);
    }
    const body = (await response.json()) as Json;
    const schema = isObject(body) ? body['schema'] : undefined;
    const kind = isObject(body) ? (body['schemaType'] ?? 'AVRO') : null;
    if (typeof schema !== 'string' || kind !== 'AVRO')
      throw new HeadgateError(
        'invalid_config',
        `The schema registry's schema ${id} is ${String(kind)}, not Avro.`,
      );
    return avro.Type.forSchema(JSON.parse(schema), {
      registry: { long: longType },
      noAnonymousTypes: false,
      wrapUnions: 'never',
    });
  }

  return {
    async decode(bytes) {
      if (bytes.length <= prefixBytes || bytes[0] !== 0)
        throw new HeadgateError(
          'source_answer_invalid',
          'A record is not Avro of a schema registry: it does not begin with the number of a schema. Choose another format.',
        );
      const type = await typeOf(bytes.readUInt32BE(1));
      return plain(type.fromBuffer(bytes.subarray(prefixBytes), undefined, true));
    },
  };
}

/** As JSON has it: bytes as base64. */
function plain(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  // NaN and the infinities are no JSON.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value as Json;
}

function refusal(status: number, id: number, base: string): HeadgateError {
  if (status === 401 || status === 403)
    return new HeadgateError(
      'invalid_credentials',
      `The schema registry at ${new URL(base).host} answered ${status}. Check the user and password of the registry.`,
    );
  return new HeadgateError(
    status === 404 ? 'source_not_found' : 'source_answer_invalid',
    `The schema registry at ${new URL(base).host} answered ${status} for schema ${id}.`,
  );
}
