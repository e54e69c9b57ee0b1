import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionSettings } from '../../../local/lambda/functionSettings.ts';

/** Writes one bundle and says what the template would say of it. */
export function functionFolder(
  name: string,
  source: string,
  settings: Partial<FunctionSettings> = {},
): FunctionSettings {
  const codeFolder = mkdtempSync(join(tmpdir(), 'headgate-code-'));
  writeFileSync(join(codeFolder, 'index.mjs'), source);
  return {
    name,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
    codeFolder,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 10,
    memoryMegabytes: 256,
    isolation: 'worker',
    ...settings,
  };
}
