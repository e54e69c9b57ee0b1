import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

/** Folder → folders it may import from, besides itself. The arrows of docs/architecture.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  connectors: ['shared'],
  functions: ['connectors', 'shared'],
  /** Types of environments, the route table and the connectors' names; code of functions by path only. */
  infra: ['shared', 'connectors'],
  local: ['shared'],
  client: [],
  cli: ['client'],
  /** The console talks to the API as everybody else does. */
  console: ['client'],
  scripts: ['client', 'connectors', 'infra', 'local', 'shared'],
  tests: [
    'cli',
    'client',
    'connectors',
    'console',
    'functions',
    'infra',
    'local',
    'scripts',
    'shared',
  ],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

const sources = globSync(`{${Object.keys(allowed).join(',')}}/**/*.{ts,tsx}`);
const imports: readonly Import[] = sources.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => {
    const target = match[1] ?? '';
    return {
      file,
      target: target.startsWith('.') ? normalize(join(dirname(file), target)) : target,
    };
  }),
);
const folderOf = (path: string): string => path.split('/')[0] ?? '';
const describeImport = ({ file, target }: Import): string => `${file} → ${target}`;

it('sees the sources and their imports', () => {
  expect(sources.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(40);
});

it('finds no import against the arrows of the layout', () => {
  const wrong = imports.filter(({ file, target }) => {
    const [from, to] = [folderOf(file), folderOf(target)];
    return to in allowed && from !== to && !allowed[from]?.includes(to);
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

it('finds no function that imports another, and no connector that imports another', () => {
  const wrong = imports.filter(({ file, target }) => {
    if (!/^(functions|connectors)\//.test(file) || !/^(functions|connectors)\//.test(target))
      return false;
    if (folderOf(file) !== folderOf(target) || file === 'connectors/registry.ts') return false;
    const memberOf = (path: string): string => (path.split('/')[1] ?? '').replace(/\.ts$/, '');
    // An identity connector is derived from the connector of its name.
    return ![memberOf(file), memberOf(file).replace(/_identity$/, '')].includes(memberOf(target));
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

it('finds the AWS SDK in no connector but those of AWS sources', () => {
  const wrong = imports.filter(
    ({ file, target }) =>
      file.startsWith('connectors/') && target.startsWith('@aws-sdk/') && !/\/s3/.test(file),
  );
  expect(wrong.map(describeImport)).toEqual([]);
});

it('finds process.env only where a process starts', () => {
  const wrong = sources.filter(
    (file) =>
      !/(^scripts|^tests|^cli\/main|^infra\/app|^local\/(start|main)|\/main)/.test(file) &&
      /process\.env/.test(readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
  );
  expect(wrong).toEqual([]);
});
