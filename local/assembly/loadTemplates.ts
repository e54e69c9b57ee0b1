import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const template = z.object({
  Resources: z
    .record(
      z.string(),
      z.object({
        Type: z.string(),
        Condition: z.string().optional(),
        Properties: z.record(z.string(), z.unknown()).default({}),
        Metadata: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Condition: z.string().optional(),
        Export: z.object({ Name: z.unknown() }).optional(),
      }),
    )
    .default({}),
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())))
    .default({}),
});
export type Template = z.infer<typeof template>;

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({
          templateFile: z.string().optional(),
          stackName: z.string().optional(),
          file: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

const assetManifest = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

export interface Templates {
  readonly stacks: ReadonlyMap<string, Template>;
  /** Object key of an asset (`<hash>.zip`) → its folder, absolute. */
  readonly assets: ReadonlyMap<string, string>;
}

/** Reads a cloud assembly's manifest, templates and asset lists. Throws when one is missing or malformed. */
export function loadTemplates(folder: string): Templates {
  const stacks = new Map<string, Template>();
  const assets = new Map<string, string>();
  for (const [id, artifact] of Object.entries(read(folder, 'manifest.json', manifest).artifacts)) {
    const { templateFile, stackName, file } = artifact.properties ?? {};
    if (artifact.type === 'aws:cloudformation:stack' && templateFile !== undefined)
      stacks.set(stackName ?? id, read(folder, templateFile, template));
    if (artifact.type === 'cdk:asset-manifest' && file !== undefined)
      for (const { source, destinations } of Object.values(read(folder, file, assetManifest).files))
        for (const { objectKey } of Object.values(destinations))
          if (source.packaging === 'zip') assets.set(objectKey, join(folder, source.path));
  }
  if (stacks.size === 0) throw new Error(`${folder}/manifest.json names no stack`);
  return { stacks, assets };
}

function read<Schema extends z.ZodType>(
  folder: string,
  file: string,
  schema: Schema,
): z.infer<Schema> {
  const path = join(folder, file);
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
