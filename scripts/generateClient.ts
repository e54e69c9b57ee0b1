import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openApiDocument } from '../shared/api/openApi.ts';
import { routes } from '../shared/api/routes.ts';
import { clientText } from './client/clientText.ts';

/** Everything that is made from the route table, by path from the root of the repository. */
export function generatedFiles(): Readonly<Record<string, string>> {
  const document = openApiDocument(routes);
  return {
    'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'client/generated.ts': clientText(document),
  };
}

/** Paths whose content is not what would be generated now. */
export const outdatedFiles = (): readonly string[] =>
  Object.entries(generatedFiles()).flatMap(([path, text]) =>
    contentOf(path) === text ? [] : [path],
  );

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

if (import.meta.main)
  for (const [path, text] of Object.entries(generatedFiles())) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${path}: ${text.length} characters`);
  }
