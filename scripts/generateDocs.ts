import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connectors } from '../connectors/registry.ts';
import { connectorPages } from './docs/connectorPages.ts';

/** Pages of the catalogue whose text is not what would be generated now. */
export const outdatedPages = (): readonly string[] =>
  Object.entries(connectorPages(connectors)).flatMap(([path, text]) =>
    existsSync(path) && readFileSync(path, 'utf8') === text ? [] : [path],
  );

if (import.meta.main)
  for (const [path, text] of Object.entries(connectorPages(connectors))) {
    writeFileSync(path, text);
    console.log(`${path}: ${text.length} characters`);
  }
