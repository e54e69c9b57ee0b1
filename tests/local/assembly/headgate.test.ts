import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../infra/createApp.ts';
import type { Assembly } from '../../../local/assembly/assembly.ts';
import { readAssembly } from '../../../local/assembly/readAssembly.ts';
import { docsRouteKey } from '../../../shared/api/docsPage.ts';
import { routeKey } from '../../../shared/api/route.ts';
import { routes } from '../../../shared/api/routes.ts';
import { type FunctionName, readEnv } from '../../../shared/env.ts';

let assembly: Assembly;
beforeAll(() => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as {
    context: Record<string, unknown>;
  };
  const code = mkdtempSync(join(tmpdir(), 'headgate-code-'));
  const { app } = createApp({
    context: { ...context, stage: 'local', allowedAddresses: '127.0.0.0/8' },
    validate: false,
    code: () => () => ({
      code: lambda.Code.fromAsset(code),
      handler: 'index.handler',
      native: false,
    }),
  });
  assembly = readAssembly(app.synth().directory);
});

describe('the application, read back from its templates', () => {
  it('gives every function an environment that its own code accepts', () => {
    expect(assembly.functions.length).toBeGreaterThan(15);
    for (const { name, environment, memoryMegabytes } of assembly.functions) {
      const kind = name.replace('headgate-local-', '').replace(/^ingest-.*/, 'ingest');
      expect(() =>
        readEnv(kind as FunctionName, {
          ...environment,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
        }),
      ).not.toThrow();
    }
  });

  it('names functions, tables, buckets and the state machine that exist', () => {
    const values = assembly.functions.flatMap(({ environment }) => Object.entries(environment));
    const all = (name: string) =>
      new Set(values.filter(([key]) => key === name).map(([, value]) => value));
    expect(all('TABLE_NAME')).toEqual(new Set(assembly.tables.map(({ name }) => name)));
    expect(all('STATE_MACHINE_ARN')).toEqual(new Set(assembly.stateMachines.map(({ arn }) => arn)));
    const functions = new Set(assembly.functions.map(({ name }) => name));
    expect(functions).toContain([...all('PREVIEW_FUNCTION')][0]);
    const buckets = assembly.buckets.map(({ name }) => name);
    expect(buckets).toContain([...all('LAKE_BUCKET')][0]);
    expect(buckets).toContain([...all('LANDING_BUCKET')][0]);
  });

  it('routes each operation to its function', () => {
    const [api] = assembly.httpApis;
    expect(api?.stage).toBe('$default');
    const found = Object.fromEntries(
      (api?.routes ?? []).map(({ routeKey, functionName }) => [routeKey, functionName]),
    );
    expect(found).toEqual({
      ...Object.fromEntries(
        routes.map((route) => [routeKey(route), `headgate-local-${route.function}`]),
      ),
      [docsRouteKey]: 'headgate-local-apiCatalog',
    });
  });

  it('lets the state machine name functions that exist', () => {
    const [machine] = assembly.stateMachines;
    const arns = [...(machine?.definition ?? '').matchAll(/arn:aws:lambda:[^"' ]+/g)].map(
      ([arn]) => arn,
    );
    expect(arns.length).toBeGreaterThan(3);
    for (const arn of arns)
      expect(
        assembly.functions.some((function_) => function_.arn.startsWith(arn)),
        arn,
      ).toBe(true);
  });

  it('tells where the API and its first token are', () => {
    expect(assembly.outputs['headgate-local-data.AdminTokenSecret']).toBe(
      'headgate-admin/local/token',
    );
    expect(assembly.outputs['headgate-local-api.ApiUrl']).toMatch(/^https:/);
  });
});
