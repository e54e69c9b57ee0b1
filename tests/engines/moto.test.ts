import { expect, it } from 'vitest';
import type { Engine } from '../local/conformance.ts';
import { describeGlue } from '../local/glue/conformance.ts';
import { describeSecrets } from '../local/secrets/conformance.ts';
import { describeSqs } from '../local/sqs/conformance.ts';
import { glueDifferences, secretsDifferences, sqsDifferences } from './motoDifferences.ts';
import { findMoto, startMoto } from './startMoto.ts';

const found = await findMoto();
if ('server' in found) {
  const start = (): Promise<Engine> => startMoto(found.server);
  describeSecrets('moto’s Secrets Manager', start, secretsDifferences);
  describeGlue('moto’s Glue', start, glueDifferences);
  describeSqs('moto’s SQS', start, sqsDifferences);
} else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${found.missing}): its services were not compared`);
    expect(found.missing).not.toBe('');
  });
