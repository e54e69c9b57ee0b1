import { expect, it } from 'vitest';
import { describeStepFunctions } from '../local/stepfunctions/conformance.ts';
import { findMoto, startMoto } from './startMoto.ts';
import { motoDifferences } from './stepfunctionsDifferences.ts';

const moto = await findMoto();

if ('server' in moto)
  describeStepFunctions(
    'moto’s Step Functions',
    async () => {
      const engine = await startMoto(moto.server);
      // Without this moto answers every execution at once with a fixed output.
      const configured = await fetch(`${engine.endpoint}/moto-api/config`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
      });
      expect(configured.ok).toBe(true);
      return { ...engine, functionArn: null };
    },
    // moto carries a JSONata evaluator that calls into a JVM it does not have, and runs functions in Docker.
    { differs: motoDifferences, expressions: false },
  );
else
  it('says why moto is absent', () => {
    console.log(`moto cannot be had here (${moto.missing}): its Step Functions was not compared`);
    expect(moto.missing).not.toBe('');
  });
