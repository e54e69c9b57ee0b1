import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a cloud assembly with these templates, and one asset `code.zip`; answers its folder. */
export function writeAssembly(templates: Readonly<Record<string, object>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-assembly-'));
  const write = (file: string, content: unknown): void =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  mkdirSync(join(folder, 'asset.code'));
  const artifacts: Record<string, object> = {
    Tree: { type: 'cdk:tree', properties: { file: 'tree.json' } },
  };
  for (const [stack, template] of Object.entries(templates)) {
    artifacts[stack] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${stack}.template.json` },
    };
    artifacts[`${stack}.assets`] = {
      type: 'cdk:asset-manifest',
      properties: { file: `${stack}.assets.json` },
    };
    write(`${stack}.template.json`, template);
    write(`${stack}.assets.json`, {
      files: {
        code: {
          source: { path: 'asset.code', packaging: 'zip' },
          destinations: { here: { bucketName: 'b', objectKey: 'code.zip' } },
        },
        template: {
          source: { path: `${stack}.template.json`, packaging: 'file' },
          destinations: { here: { bucketName: 'b', objectKey: 'template.json' } },
        },
      },
    });
  }
  write('manifest.json', { version: '55.0.0', artifacts });
  return folder;
}
