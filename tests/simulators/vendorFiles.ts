import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../shared/json.ts';

/** Where vendors' descriptions and recorded answers are kept; they are not part of this repository. */
const folder =
  process.env['HEADGATE_VENDOR_SPECS'] ?? join(import.meta.dirname, '../../../shared/vendor');

let told = false;

/** A file of that folder, or null after one line that says so. */
export function vendorFile(path: string): Json | null {
  const file = join(folder, path);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Json;
  tellOnce();
  return null;
}

export function vendorText(path: string): string | null {
  const file = join(folder, path);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  tellOnce();
  return null;
}

function tellOnce(): void {
  if (told) return;
  told = true;
  console.log(
    'Vendors’ API descriptions are not here (HEADGATE_VENDOR_SPECS): simulators run unchecked.',
  );
}
