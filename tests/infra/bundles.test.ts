import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectorNames } from '../../connectors/registry.ts';
import { type Bundles, bundleFunctions } from '../../infra/bundle/bundleFunctions.ts';
import { driverPackages, readingPackages } from '../../infra/bundle/describedConnectors.ts';
import { entryNames } from '../../infra/bundle/entries.ts';

let folder: string;
let made: Bundles;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-bundles-'));
  made = await bundleFunctions(process.cwd(), folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a bundle is made of, and what it imports at run time. */
const output = (name: string) => {
  const found = Object.entries(made.metafile.outputs).find(([path]) =>
    path.endsWith(`/${name}.mjs`),
  );
  if (found === undefined) throw new Error(`there is no ${name}.mjs`);
  const [, { inputs, imports }] = found;
  return {
    inputs: Object.keys(inputs),
    packages: new Set(
      Object.keys(inputs).flatMap(
        (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
      ),
    ),
    external: imports.filter(({ external }) => external).map(({ path }) => path),
  };
};
const isDriver = (name: string): boolean => (driverPackages as readonly string[]).includes(name);
const apiNames = entryNames.filter((name) => /^(api|authorizer|preview)/.test(name));

describe('bundles', () => {
  it('are there for every function', () => {
    for (const entry of entryNames) {
      const bundle = made.bundles.get(entry);
      const [file] = bundle?.handler.split('.') ?? [];
      expect(existsSync(join(bundle?.folder ?? '', `${file}.mjs`)), entry).toBe(true);
    }
  });

  it('of Ingest hold exactly one connector', () => {
    for (const connector of connectorNames) {
      const inputs = output(`ingest-${connector}`).inputs.filter((path) =>
        path.startsWith('connectors/'),
      );
      // An identity connector is derived from the connector of its name.
      const allowed = `${connector}|${connector.replace(/_identity$/, '')}`;
      for (const path of inputs)
        expect(path).toMatch(new RegExp(`^connectors/(${allowed})(\\.ts|/)`));
      expect(inputs.length).toBeGreaterThan(0);
    }
  });

  it('of the API describe connectors and hold no driver', () => {
    expect(apiNames.length).toBeGreaterThan(5);
    for (const name of apiNames)
      expect([...output(name).packages].filter(isDriver), name).toEqual([]);
    expect(output('apiSources').inputs.some((path) => path.includes('connectors/postgres'))).toBe(
      true,
    );
    // The check is able to fail: this is where the driver is.
    expect([...output('ingest-postgres').packages].filter(isDriver)).toContain('pg');
  });

  it('of the API do without DuckDB', () => {
    for (const name of entryNames.filter((entry) => /^(api|authorizer)/.test(entry)))
      expect(output(name).external, name).not.toContain('@duckdb/node-api');
  });

  it('that run DuckDB share one package, and are the Ingest functions at least', () => {
    const native = [...made.bundles].filter(([, bundle]) => bundle.native).map(([name]) => name);
    expect(native).toEqual(expect.arrayContaining(connectorNames.map((name) => `ingest:${name}`)));
    expect(new Set(native.map((name) => made.bundles.get(name)?.folder)).size).toBe(1);
    for (const name of native) expect(name).not.toMatch(/^(api|authorizer)/);
  });

  it('bring the AWS SDK with them', () => {
    const { inputs, external } = output('commit');
    expect(inputs.some((path) => path.includes('@aws-sdk/client-'))).toBe(true);
    expect(external.filter((path) => path.startsWith('@aws-sdk/'))).toEqual([]);
  });

  it('import nothing at run time but Node, DuckDB and what the API leaves out', () => {
    for (const name of entryNames) {
      const unknown = output(name.replace(':', '-')).external.filter(
        (path) =>
          !path.startsWith('node:') &&
          !isBuiltin(path) &&
          path !== '@duckdb/node-api' &&
          !(apiNames.includes(name) && (readingPackages as readonly string[]).includes(path)),
      );
      // `pg` tries its native client, `mysql2` one that colours its debug output; both go on without.
      expect(
        unknown.filter((path) => !/^(pg-native|cardinal)$|\.node$/.test(path)),
        name,
      ).toEqual([]);
    }
  });

  it('lie alone in their folders, so that a change redeploys nothing else', () => {
    for (const [name, { folder: own, native }] of made.bundles)
      if (!native)
        expect(
          readdirSync(own).filter((file) => file.endsWith('.mjs')),
          name,
        ).toHaveLength(1);
  });
});
