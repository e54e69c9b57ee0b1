import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import * as z from 'zod';
import type { Json } from '../../shared/json.ts';
import type { ItemReader, MapState } from './definition.ts';
import type { Walk } from './engine.ts';
import { type Item, itemContext, itemsOf, itemsValue } from './mapItems.ts';
import type { MapStorage } from './mapStorage.ts';
import { evaluateIn, evaluateInteger } from './stateBindings.ts';
import { StateError } from './stateError.ts';

const objectArguments = z.object({
  Bucket: z.string(),
  Key: z.string(),
  VersionId: z.string().optional(),
});
const listArguments = z.object({ Bucket: z.string(), Prefix: z.string().default('') });

/** A JSON array is parsed as a whole; JSON Lines have no such limit. */
const maxJsonBytes = 64 * 1024 * 1024;
const anyNumber: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER];

/**
 * Inputs of a distributed Map's children, one after the other: items from `Items` or an ItemReader, through
 * ItemSelector and ItemBatcher. Rejects with StateError, States.ItemReaderFailed when the items cannot be
 * read.
 */
export async function* childInputs(
  walk: Walk,
  state: MapState,
  storage: MapStorage | null,
): AsyncIterable<Json> {
  const selected = select(walk, state, items(walk, state, storage));
  yield* state.ItemBatcher === undefined ? selected : batch(walk, state.ItemBatcher, selected);
}

async function* items(
  walk: Walk,
  state: MapState,
  storage: MapStorage | null,
): AsyncIterable<Item> {
  const { ItemReader } = state;
  if (ItemReader === undefined) {
    yield* itemsOf(walk, await itemsValue(walk, state));
    return;
  }
  const { MaxItems = 0 } = ItemReader.ReaderConfig ?? {};
  const most = await evaluateInteger(walk, MaxItems, 'ItemReader/ReaderConfig/MaxItems', anyNumber);
  let count = 0;
  try {
    for await (const value of readValues(walk, ItemReader, storage)) {
      yield { value };
      if (++count === most) return;
    }
  } catch (error) {
    if (error instanceof StateError || walk.signal.aborted) throw error;
    throw new StateError(
      'States.ItemReaderFailed',
      error instanceof Error ? error.message : String(error),
    );
  }
}

async function* readValues(
  walk: Walk,
  reader: ItemReader,
  storage: MapStorage | null,
): AsyncIterable<Json> {
  if (!storage) throw new Error('there is no storage to read items from');
  const args = await evaluateIn(walk, reader.Arguments, 'ItemReader/Arguments');
  if (reader.Resource.endsWith(':listObjectsV2')) {
    const { Bucket, Prefix } = listArguments.parse(args);
    yield* storage.list(Bucket, Prefix, walk.signal);
    return;
  }
  const { Bucket, Key, VersionId } = objectArguments.parse(args);
  const place = {
    bucket: Bucket,
    key: Key,
    ...(VersionId === undefined ? {} : { versionId: VersionId }),
  };
  const bytes = storage.read(place, walk.signal);
  const { InputType = 'JSON', ItemsPointer = '' } = reader.ReaderConfig ?? {};
  if (InputType === 'JSON') yield* jsonItems(bytes, ItemsPointer);
  else yield* jsonLines(bytes);
}

async function* jsonLines(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Json> {
  const lines = createInterface({
    input: Readable.from(bytes),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) if (line.trim() !== '') yield JSON.parse(line);
}

async function* jsonItems(bytes: AsyncIterable<Uint8Array>, pointer: string): AsyncIterable<Json> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxJsonBytes)
      throw new Error(`a JSON array of items may have ${maxJsonBytes} bytes; use JSONL`);
    chunks.push(chunk);
  }
  let value: Json = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const found: Json | undefined =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Readonly<Record<string, Json>>)[name]
        : undefined;
    if (found === undefined) throw new Error(`the items have nothing at ${pointer}`);
    value = found;
  }
  if (!Array.isArray(value)) throw new Error('the items are not a JSON array');
  yield* value as readonly Json[];
}

async function* select(walk: Walk, state: MapState, all: AsyncIterable<Item>): AsyncIterable<Json> {
  let index = 0;
  for await (const item of all) {
    yield state.ItemSelector === undefined
      ? item.value
      : await evaluateIn(walk, state.ItemSelector, 'ItemSelector', {
          context: itemContext(index, item),
        });
    index++;
  }
}

/** Gathers items into `{ BatchInput, Items }` until either limit is reached. */
async function* batch(
  walk: Walk,
  batcher: NonNullable<MapState['ItemBatcher']>,
  all: AsyncIterable<Json>,
): AsyncIterable<Json> {
  const limit = async (template: number | string | undefined, field: string): Promise<number> =>
    template === undefined
      ? Number.POSITIVE_INFINITY
      : await evaluateInteger(walk, template, `ItemBatcher/${field}`, [1, 262_144]);
  const maxItems = await limit(batcher.MaxItemsPerBatch, 'MaxItemsPerBatch');
  const maxBytes = await limit(batcher.MaxInputBytesPerBatch, 'MaxInputBytesPerBatch');
  const common =
    batcher.BatchInput === undefined
      ? {}
      : { BatchInput: await evaluateIn(walk, batcher.BatchInput, 'ItemBatcher/BatchInput') };
  const emptyBytes = Buffer.byteLength(JSON.stringify({ ...common, Items: [] }));
  let gathered: Json[] = [];
  let bytes = emptyBytes;
  for await (const item of all) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (gathered.length > 0 && (gathered.length >= maxItems || bytes + itemBytes > maxBytes)) {
      yield { ...common, Items: gathered };
      gathered = [];
      bytes = emptyBytes;
    }
    gathered.push(item);
    bytes += itemBytes;
  }
  if (gathered.length > 0) yield { ...common, Items: gathered };
}
