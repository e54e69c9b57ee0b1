import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Metafile, type OutputFile, type Plugin } from 'esbuild';
import { describedConnectors } from './describedConnectors.ts';
import { type EntryName, entryNames, entrySource } from './entries.ts';

/** A bundled function, ready to be an asset. */
export interface Bundle {
  /** Folder to package; several bundles may share one. */
  readonly folder: string;
  /** Lambda's `file.export`. */
  readonly handler: string;
  /** It imports DuckDB, which is not in the bundle but beside it. */
  readonly native: boolean;
}

export interface Bundles {
  readonly bundles: ReadonlyMap<EntryName, Bundle>;
  readonly metafile: Metafile;
}

export interface BundleOptions {
  /** @default all */
  readonly entries?: readonly EntryName[];
  /** Beside the bundles, which are otherwise the same. Left out of deployments: making them takes as long again. */
  readonly sourceMaps?: boolean;
}

const nativePackage = '@duckdb/node-api';

/** Bundles are ES modules, but some packages in them call `require`, or ask for the folder they are in. */
const banner =
  "import{createRequire as headgateRequire}from'node:module';const require=headgateRequire(import.meta.url);const __dirname=import.meta.dirname;";

/**
 * Bundles every function in one esbuild call into `outFolder`, which is emptied first.
 * Throws, naming file and line, when a source is missing or wrong.
 * Functions that need DuckDB share the folder `native`, so that it is packaged and uploaded once.
 */
export async function bundleFunctions(
  root: string,
  outFolder: string,
  { entries = entryNames, sourceMaps = false }: BundleOptions = {},
): Promise<Bundles> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: `headgate:${entry}`, out: fileName(entry) })),
    outdir: outFolder,
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    minify: true,
    sourcemap: sourceMaps ? 'linked' : false,
    sourcesContent: false,
    mainFields: ['module', 'main'],
    // Native additions that packages try and do without; a machine may have compiled them for itself.
    external: [nativePackage, 'pg-native', '*.node'],
    // Its other entry reads a file beside itself, which is not beside a bundle.
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    banner: { js: banner },
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [entryPlugin(root), describedConnectors(root)],
  });
  rmSync(outFolder, { recursive: true, force: true });
  const bundles = new Map<EntryName, Bundle>();
  for (const entry of entries) {
    const native = importsNative(root, outFolder, entry, result.metafile);
    const folder = join(outFolder, native ? 'native' : fileName(entry));
    mkdirSync(folder, { recursive: true });
    for (const file of filesOf(entry, result.outputFiles))
      writeFileSync(join(folder, basename(file.path)), file.contents);
    bundles.set(entry, { folder, handler: `${fileName(entry)}.handler`, native });
  }
  return { bundles, metafile: result.metafile };
}

const fileName = (entry: EntryName): string => entry.replace(':', '-');

const filesOf = (entry: EntryName, files: readonly OutputFile[]): readonly OutputFile[] =>
  files.filter(({ path }) => basename(path).replace(/\.mjs(\.map)?$/, '') === fileName(entry));

function importsNative(
  root: string,
  outFolder: string,
  entry: EntryName,
  { outputs }: Metafile,
): boolean {
  const wanted = join(outFolder, `${fileName(entry)}.mjs`);
  const found = Object.entries(outputs).find(([path]) => join(root, path) === wanted);
  if (found === undefined) throw new Error(`esbuild wrote no ${wanted}`);
  return found[1].imports.some(({ path }) => path === nativePackage);
}

/** Resolves `headgate:<entry>` to the source made up for it. */
function entryPlugin(root: string): Plugin {
  const namespace = 'headgate-entry';
  return {
    name: 'headgate-entries',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^headgate:/ }, ({ path }) => ({
        path: path.slice('headgate:'.length),
        namespace,
      }));
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({
        contents: entrySource(path as EntryName),
        loader: 'ts',
        resolveDir: root,
      }));
    },
  };
}
