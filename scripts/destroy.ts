import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { cdk, root, splitParameters, synthesise } from './cdk.ts';
import { type Fate, fatesOf } from './fatesOf.ts';

/**
 * `npm run destroy -- [-c stage=dev] [--yes]`: says what stays and what goes, asks for the stage's name, and deletes
 * the stacks.
 */
const { context, rest } = splitParameters(process.argv.slice(2));
const yes = rest.includes('--yes');
synthesise(['--quick', ...context]);
const { stacks, retained, deleted, protectedStacks } = fatesOf(join(root, 'cdk.out'));
const stage = stacks[0]?.replace(/^headgate-(.*)-[a-z]+$/, '$1') ?? '';

/** One line each; of a kind with many, only how many. */
const list = (fates: readonly Fate[]): string =>
  [...Map.groupBy(fates, ({ what }) => what)]
    .map(([what, group]) =>
      group.length > 1 ? `  ${group.length} ${what}s` : `  ${what} (${group[0]?.id})`,
    )
    .join('\n');
console.log(`Stacks to delete: ${stacks.join(', ')}\n`);
console.log(
  retained.length > 0
    ? `These stay, with all their data, and go on costing what they cost:\n${list(retained)}\n`
    : 'Nothing stays.\n',
);
if (deleted.length > 0)
  console.log(
    `These are deleted for good, with everything in them:\n${list(deleted)}\n` +
      'A bucket that is not empty makes AWS stop half way: empty it first (aws s3 rm --recursive, and its old versions).\n',
  );

if (protectedStacks.length > 0)
  console.log(
    `Protected from deletion: ${protectedStacks.join(', ')}. Turn that off first, for each:\n` +
      '  aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name NAME\n',
  );

if (!yes) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Type the name of the stage (${stage}) to go on: `);
  terminal.close();
  if (answer.trim() !== stage) {
    console.log('Nothing was deleted.');
    process.exit(1);
  }
}
process.exitCode = cdk('destroy', [
  '--all',
  '--force',
  ...rest.filter((parameter) => parameter !== '--yes'),
]);
