import { localAccount } from '../localService.ts';
import type { MapStorage } from './mapStorage.ts';

/**
 * Items and results of distributed Maps in the S3 behind `endpointUrl`. The SDK's client is loaded when the first
 * Map asks: most starts never run one, and loading it would take a quarter of their time.
 */
export function lazyMapStorage(endpointUrl: () => string): MapStorage {
  let opening: Promise<MapStorage> | undefined;
  const open = (): Promise<MapStorage> => {
    opening ??= openMapStorage(endpointUrl());
    return opening;
  };
  return {
    async *read(place, signal) {
      yield* (await open()).read(place, signal);
    },
    async *list(bucket, prefix, signal) {
      yield* (await open()).list(bucket, prefix, signal);
    },
    write: async (place, body, signal) => (await open()).write(place, body, signal),
  };
}

async function openMapStorage(endpoint: string): Promise<MapStorage> {
  const [{ S3Client }, { s3MapStorage }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('./s3MapStorage.ts'),
  ]);
  const { region, accessKeyId, secretAccessKey } = localAccount;
  return s3MapStorage(
    new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } }),
  );
}
