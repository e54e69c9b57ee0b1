import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Counterpart = 'engine' | 'emulator' | 'simulator' | 'files';

/** What modules under `tests/` start, where their folder does not say it. */
const modules: Readonly<Record<string, Counterpart>> = {
  'tests/postgres.ts': 'engine',
  'tests/mariadb.ts': 'engine',
  'tests/sshd.ts': 'engine',
  'tests/engines/startKafka.ts': 'engine',
  'tests/engines/startAzurite.ts': 'emulator',
  'tests/engines/fakeGcs.test.ts': 'emulator',
  'tests/engines/startMoto.ts': 'emulator',
  'local/s3/openS3.ts': 'simulator',
  'tests/connectors/landedFilesExample.ts': 'files',
};

const order: readonly Counterpart[] = ['engine', 'emulator', 'simulator', 'files'];

let found: ReadonlyMap<string, ReadonlySet<Counterpart>> | null = null;

/**
 * What the tests that import a connector start to stand against it, by what they import, themselves or by modules of the
 * tests; nothing where no test does.
 */
export function testedAgainst(name: string): readonly Counterpart[] {
  found ??= look();
  const counterparts = found.get(name);
  return order.filter((each) => counterparts?.has(each) === true);
}

function look(): Map<string, Set<Counterpart>> {
  const counterparts = new Map<string, Set<Counterpart>>();
  const tests = [...globSync('tests/connectors/*.test.ts'), ...globSync('tests/engines/*.test.ts')];
  for (const test of tests) {
    const reached = reach(test);
    const names = [...reached].flatMap(
      (path) => /^connectors\/([a-z0-9_]+)\.ts$/.exec(path)?.[1] ?? [],
    );
    const starts = [...reached].flatMap((path) => counterpartOf(path) ?? []);
    // A test of all connectors says nothing of one.
    if (names.includes('registry')) continue;
    for (const name of names) {
      const known = counterparts.get(name) ?? new Set();
      for (const start of starts) known.add(start);
      counterparts.set(name, known);
    }
  }
  return counterparts;
}

/** Parts of simulators' machinery stand for no vendor. */
const machinery =
  /\/(simulator|clock|pace|pacedFront|openApiCheck|likeRecorded|vendorFiles|tokenEndpoint)\.ts$/;

const counterpartOf = (path: string): Counterpart | null =>
  modules[path] ??
  (path.startsWith('tests/simulators/') && !machinery.test(path) ? 'simulator' : null);

const imports = new Map<string, readonly string[]>();

function importsOf(file: string): readonly string[] {
  const known = imports.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, 'utf8');
  const paths = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
    .map(([, path = '']) => join(dirname(file), path))
    // Texts that only look like an import.
    .filter((path) => existsSync(path));
  imports.set(file, paths);
  return paths;
}

/** The file and what it imports, through modules of the tests only; what those import of the product is not looked into. */
function reach(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (file.startsWith('tests/')) for (const path of importsOf(file)) reach(path, seen);
  return seen;
}
