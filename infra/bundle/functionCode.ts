import { cpSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Bundles } from './bundleFunctions.ts';
import type { EntryName } from './entries.ts';

/** What a function runs. */
export type FunctionCode = (entry: EntryName) => {
  readonly code: lambda.Code;
  readonly handler: string;
  /** Runs DuckDB. */
  readonly native: boolean;
};

/** Assets from bundles. `duckdbFolder` holds `node_modules` with DuckDB for Linux on arm64. */
export function bundledCode({ bundles }: Bundles, duckdbFolder: string | undefined): FunctionCode {
  const prepared = new Set<string>();
  return (entry) => {
    const bundle = bundles.get(entry);
    if (bundle === undefined) throw new Error(`there is no bundle of ${entry}`);
    if (bundle.native && duckdbFolder !== undefined && !prepared.has(bundle.folder)) {
      cpSync(join(duckdbFolder, 'node_modules'), join(bundle.folder, 'node_modules'), {
        recursive: true,
        dereference: true,
      });
      prepared.add(bundle.folder);
    }
    return {
      code: lambda.Code.fromAsset(bundle.folder),
      handler: bundle.handler,
      native: bundle.native,
    };
  };
}

/** Code that does nothing, for tests of templates. */
export const placeholderCode: FunctionCode = () => ({
  code: lambda.Code.fromInline('exports.handler = async () => null;'),
  handler: 'index.handler',
  native: false,
});
