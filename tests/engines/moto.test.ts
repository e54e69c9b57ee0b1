import { expect, it } from 'vitest';
import type { Engine } from '../local/conformance.ts';
import { describeEvents } from '../local/events/conformance.ts';
import { describeGlue } from '../local/glue/conformance.ts';
import { describeScheduler } from '../local/scheduler/conformance.ts';
import { describeSecrets } from '../local/secrets/conformance.ts';
import { describeSqs } from '../local/sqs/conformance.ts';
import { describeDeliveredPatterns } from './eventPatterns.ts';
import {
  eventsDifferences,
  glueDifferences,
  patternDifferences,
  schedulerDifferences,
  secretsDifferences,
  sqsDifferences,
} from './motoDifferences.ts';
import { findMoto, startMoto } from './startMoto.ts';

const found = await findMoto();
if ('server' in found) {
  const start = (): Promise<Engine> => startMoto(found.server);
  describeSecrets('moto’s Secrets Manager', start, secretsDifferences);
  describeGlue('moto’s Glue', start, glueDifferences);
  describeScheduler('moto’s Scheduler', start, schedulerDifferences);
  describeEvents('moto’s EventBridge', start, eventsDifferences);
  describeDeliveredPatterns('moto’s event patterns', start, patternDifferences);
  describeSqs('moto’s SQS', start, sqsDifferences);
} else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${found.missing}): its services were not compared`);
    expect(found.missing).not.toBe('');
  });
