import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Packages that talk to a source. The API describes connectors but never reads from them, so its bundles hold
 * none of these; a connector imports them inside its functions only.
 */
export const driverPackages = [
  '@platformatic/kafka',
  'mysql2',
  'pg',
  'pg-copy-streams',
  'pg-cursor',
  'ssh2',
] as const;

const namespace = 'headgate-described';
/** Besides drivers, what only reading needs. */
export const readingPackages = [...driverPackages, 'avsc'] as const;

const leftOut = new RegExp(`^(${readingPackages.join('|')})$`);

/**
 * Makes what `connectors/registry.ts` imports a second, driverless copy of each connector: Ingest bundles
 * import connectors directly and keep their drivers. Modules of `shared/` stay one copy, so that classes
 * keep their identity.
 */
export function describedConnectors(root: string): Plugin {
  const registry = join(root, 'connectors/registry.ts');
  const isConnector = (path: string): boolean => relative(root, path).startsWith('connectors/');
  return {
    name: 'headgate-described-connectors',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, importer, namespace: from }) => {
        const target = join(dirname(importer), path);
        const described = from === namespace || importer === registry;
        if (!described || importer === '') return undefined;
        return isConnector(target) && target !== registry
          ? { path: target, namespace }
          : { path: target };
      });
      onResolve({ filter: leftOut, namespace }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: readFileSync(path, 'utf8'),
        loader: 'ts',
        resolveDir: dirname(path),
      }));
    },
  };
}
