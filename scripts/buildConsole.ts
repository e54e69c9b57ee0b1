import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';

/**
 * Builds the console as static files: `node scripts/buildConsole.ts --output <folder>`. A deployment and the
 * embedded Headgate serve the same files.
 */
export async function buildConsole(root: string, output: string): Promise<void> {
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
