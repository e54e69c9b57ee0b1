import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A resource that holds data, and what becomes of it when its stack is deleted. */
export interface Fate {
  /** For a person: `landing bucket`. */
  readonly what: string;
  /** `<stack>/<logical id>`. */
  readonly id: string;
}

const holdsData: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::GlobalTable': 'the table',
  'AWS::S3::Bucket': 'bucket',
  'AWS::KMS::Key': 'the key its data is encrypted with',
  'AWS::SecretsManager::Secret': 'the admin token',
  'AWS::Glue::Database': 'the Glue database',
  'AWS::Logs::LogGroup': 'log group',
};

/** Reads from a cloud assembly what deleting its stacks would keep and what it would delete. */
export function fatesOf(assembly: string): {
  readonly stacks: readonly string[];
  readonly retained: readonly Fate[];
  readonly deleted: readonly Fate[];
  /** Stacks that CloudFormation refuses to delete until their protection is turned off. */
  readonly protectedStacks: readonly string[];
} {
  const { artifacts } = read(assembly, 'manifest.json') as {
    artifacts: Record<
      string,
      { type: string; properties?: { templateFile?: string; terminationProtection?: boolean } }
    >;
  };
  const stacks: string[] = [];
  const protectedStacks: string[] = [];
  const retained: Fate[] = [];
  const deleted: Fate[] = [];
  for (const [stack, { type, properties }] of Object.entries(artifacts)) {
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) continue;
    stacks.push(stack);
    if (properties.terminationProtection === true) protectedStacks.push(stack);
    const { Resources } = read(assembly, properties.templateFile) as {
      Resources: Record<string, { Type: string; DeletionPolicy?: string }>;
    };
    for (const [id, { Type, DeletionPolicy }] of Object.entries(Resources)) {
      const what = holdsData[Type];
      if (what === undefined) continue;
      const fate = {
        what: Type === 'AWS::S3::Bucket' ? `${bucketName(id)} bucket` : what,
        id: `${stack}/${id}`,
      };
      (DeletionPolicy === 'Delete' ? deleted : retained).push(fate);
    }
  }
  return { stacks, retained, deleted, protectedStacks };
}

const read = (folder: string, file: string): unknown =>
  JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** `landing` from `LandingF95672E9`. */
const bucketName = (logicalId: string): string =>
  logicalId
    .replace(/[0-9A-F]{8}$/, '')
    .replaceAll(/(?<=[a-z])[A-Z]/g, ' $&')
    .toLowerCase();
