import { join } from 'node:path';
import { bundleFunctions } from '../infra/bundle/bundleFunctions.ts';

/**
 * Bundles every function into `cdk.out/bundles` and prints their sizes, largest first: what a deployment packages, and
 * the source maps that belong to it, for reading a stack trace.
 * `npm run synth` and `npm start` bundle by themselves; this is for a look inside.
 */
const root = join(import.meta.dirname, '..');
const started = performance.now();
const { bundles, metafile } = await bundleFunctions(root, join(root, 'cdk.out/bundles'), {
  sourceMaps: true,
});
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const sizes = Object.entries(metafile.outputs)
  .filter(([path]) => path.endsWith('.mjs'))
  .map(([path, { bytes }]) => ({ name: path.split('/').at(-1) ?? path, bytes }))
  .sort((left, right) => right.bytes - left.bytes);
for (const { name, bytes } of sizes)
  console.log(`${(bytes / 1024).toFixed(0).padStart(7)} KB  ${name}`);
console.log(`${bundles.size} functions bundled in ${seconds} s into cdk.out/bundles`);
