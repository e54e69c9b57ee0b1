import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

it('the CDK’s feature flags are at their recommended values, but for one', () => {
  const { context } = read('cdk.json') as { context: Record<string, unknown> };
  const recommended = Object.entries(
    read('node_modules/aws-cdk-lib/recommended-feature-flags.json') as Record<string, unknown>,
  );
  expect(recommended.length).toBeGreaterThan(80);
  const differing = recommended.filter(
    ([name, value]) => JSON.stringify(context[name]) !== JSON.stringify(value),
  );
  // With `weak` references the data stack could be deleted under the others.
  expect(differing.map(([name]) => name)).toEqual(['@aws-cdk/core:defaultCrossStackReferences']);
});
