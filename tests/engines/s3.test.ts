import { expect, it } from 'vitest';
import { describeS3 } from '../local/s3/conformance.ts';
import { motoDifferences } from './s3Differences.ts';
import { findMoto, startMoto } from './startMoto.ts';

const found = await findMoto();
if ('server' in found)
  describeS3(
    'moto’s S3',
    async () => {
      const moto = await startMoto(found.server);
      return { ...moto, credentials: { accessKeyId: 'headgate', secretAccessKey: 'headgate' } };
    },
    { differences: motoDifferences },
  );
else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${found.missing}): the S3 suite ran against ours only`);
    expect(found.missing).not.toBe('');
  });
