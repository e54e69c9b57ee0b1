import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';

/**
 * Builds the console as static files: `node scripts/buildConsole.ts --output <folder>`. A deployment and the
 * embedded Headgate serve the same files.
 */
export async function buildConsole(root: string, output: string): Promise<void> {
  // Vite builds React's slower development version, twice the size, for whoever has this set to something else, as test
  // runners do; and what is built once is served from then on.
  process.env['NODE_ENV'] = 'production';
  await build({
    configFile: join(root, 'console/vite.config.ts'),
    mode: 'production',
    build: { outDir: output },
  });
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { output: { type: 'string' } } });
  const root = join(import.meta.dirname, '..');
  await buildConsole(root, values.output ?? join(root, 'cdk.out/console'));
}
