import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { connectorNames, connectors } from '../../connectors/registry.ts';

it('lists each connector of the folder, by its file’s name, in order', () => {
  const files = globSync('connectors/*.ts')
    .map((file) => basename(file, '.ts'))
    .filter((name) => name !== 'registry');
  expect([...connectorNames]).toEqual(files.sort());
  expect(connectors.map(({ name }) => name)).toEqual([...connectorNames]);
});

it('has, for each connector, a test that runs it through Headgate into a table', () => {
  // That they ran and passed is looked at by tests/namedTestsReporter.ts, at the end of `npm test`.
  const tests = globSync([
    'tests/connectors/*{ThroughHeadgate,EndToEnd}.test.ts',
    'tests/engines/kafka.test.ts',
  ]).map((file) => readFileSync(file, 'utf8'));
  const without = connectorNames.filter(
    (name) => !tests.some((text) => new RegExp(`(connector: |of \\[|, )'${name}'`).test(text)),
  );
  expect(without).toEqual([]);
});

it('describes all connectors without loading a driver', () => {
  // A process of its own: in this one, other code may have loaded them.
  const script = `
    const { Module } = await import('node:module');
    const { connectors } = await import('./connectors/registry.ts');
    const loaded = Object.keys(Module._cache).concat(process.moduleLoadList);
    const driver = /node_modules\\/(mysql2|pg|pg-cursor|pg-copy-streams|ssh2|@duckdb)\\//;
    console.log(JSON.stringify({ connectors: connectors.length, drivers: loaded.filter((path) => driver.test(path)) }));
    await import('pg');
    console.log(Object.keys(Module._cache).some((path) => driver.test(path)));`;
  const [described, sees] = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).split('\n');
  expect(JSON.parse(described ?? '')).toEqual({ connectors: connectorNames.length, drivers: [] });
  expect(sees, 'a loaded driver would have been seen').toBe('true');
});
