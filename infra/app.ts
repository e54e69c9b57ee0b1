import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * The CDK app: bundles every function and writes the cloud assembly. Run by Node alone, or by the CDK CLI.
 *
 *   node infra/app.ts [--output cdk.out] [--quick] [-c name=value …]
 *
 * `--quick` leaves out cdk-nag and the template validator, which change nothing in the templates.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    quick: { type: 'boolean', default: false },
    context: { type: 'string', short: 'c', multiple: true, default: [] },
  },
});
const given = Object.fromEntries(
  values.context.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new Error(`-c ${pair}: write it as -c name=value`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  }),
);
const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as {
  context: Record<string, unknown>;
};

const cache = join(root, 'node_modules/.cache/headgate');
mkdirSync(cache, { recursive: true });
// Before the large packages are loaded: a third of this program's time from its second run on.
enableCompileCache(join(cache, 'compiled'));
const { bundleFunctions } = await import('./bundle/bundleFunctions.ts');
const folder = mkdtempSync(join(cache, 'bundles-'));
try {
  const bundling = bundleFunctions(root, folder);
  // Heard below; until then a failure must not end the program without its words.
  bundling.catch(() => undefined);
  // Loaded while esbuild works in its own process.
  const [{ createApp }, { bundledCode }] = await Promise.all([
    import('./createApp.ts'),
    import('./bundle/functionCode.ts'),
  ]);
  const bundles = await bundling;
  const { app } = createApp({
    context: { ...context, ...given },
    outdir: values.output ?? process.env['CDK_OUTDIR'] ?? join(root, 'cdk.out'),
    validate: !values.quick,
    code: (settings) => bundledCode(bundles, settings.duckdbFolder),
  });
  app.synth();
} catch (error) {
  process.exitCode = 1;
  const { name, message, stack } = error as Error;
  // esbuild and the validation have printed what they found, with its place.
  if (name === 'ValidationFailed') process.stderr.write('The templates break rules: see above.\n');
  else if (name === 'SettingsError') process.stderr.write(`${message}\n`);
  else if (!Object.hasOwn(error as object, 'errors')) process.stderr.write(`${stack ?? message}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
