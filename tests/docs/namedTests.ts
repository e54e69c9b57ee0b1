import { readFileSync } from 'node:fs';
import { connectorNames } from '../../connectors/registry.ts';

/** A row of docs/reference-systems.md. */
export interface ReferenceRow {
  readonly there: string;
  readonly here: string;
  readonly proof: string;
}

/** A test that the docs, or the list of connectors, ask for. */
export interface NamedTest {
  /** Below `tests/`, without `.test.ts`; null: in any file of the suite. */
  readonly file: string | null;
  /** Of the full name (`group > test`), or of its last part. */
  readonly name: RegExp;
  readonly told: string;
}

const page = readFileSync('docs/reference-systems.md', 'utf8');

/** Rows of the section with this number. */
export const referenceRows = (section: number): readonly ReferenceRow[] =>
  (page.split(/^## /m).find((text) => text.startsWith(`${section}.`)) ?? '')
    .split('\n')
    .filter((line) => /^\| (?!There )/.test(line))
    .map((line) => {
      const [, there = '', here = '', proof = ''] = line
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim());
      return { there, here, proof };
    });

/** File and name in the third column of a row; null for what has another form. */
export function proofOf({ proof }: ReferenceRow): { file: string; title: string } | null {
  const [, file, title] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
  return file === undefined || title === undefined ? null : { file, title };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Has no engine on npm: it becomes a table in `npm run test:engines`. */
const elsewhere: readonly string[] = ['kafka'];

/** All tests that have to run in `npm test`: those that docs/reference-systems.md names, and one for each connector. */
export const namedTests = (): readonly NamedTest[] => [
  ...[1, 2, 3, 4, 5].flatMap((section) =>
    referenceRows(section).flatMap((row): readonly NamedTest[] => {
      const proof = proofOf(row);
      if (proof === null) return [];
      const { file, title } = proof;
      // A test of several cases fills in a value.
      const name = escaped(title).replaceAll(/%[sdifjop]/g, '.+');
      return [{ file, name: new RegExp(`(^|> )${name}$`), told: `${file}: ${title}` }];
    }),
  ),
  ...connectorNames
    .filter((connector) => !elsewhere.includes(connector))
    .map((connector) => ({
      file: null,
      name: new RegExp(`^${connector} through Headgate > becomes a table`),
      told: `a test in which ${connector} through Headgate becomes a table`,
    })),
];

/** Tests in the browser run where it is; without it, tests/console/browser.ts says so. */
export const browserPath = '/usr/bin/chromium';

/** A file whose engine is not there says so in a test of this name. */
export const enginelessName = /^(needs (MariaDB|Chromium)$|does without .+, which is not here)/;
