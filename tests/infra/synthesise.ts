import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import { placeholderCode } from '../../infra/bundle/functionCode.ts';
import { createApp, type HeadgateApp } from '../../infra/createApp.ts';

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as {
  context: Record<string, unknown>;
};

/** The application with placeholder code, cdk-nag attached; synthesised by whoever asks for a template. */
export const appWith = (
  settings: Readonly<Record<string, string>> = {},
  validate = false,
): HeadgateApp =>
  createApp({ context: { ...context, ...settings }, validate, code: () => placeholderCode });

export interface TemplateResource {
  readonly Type: string;
  // Templates are JSON of any shape; tests look into them as they go.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface Synthesised {
  readonly templates: readonly Template[];
  /** `<stack>/<logical id>` → resource, over all stacks. */
  readonly resources: ReadonlyMap<string, TemplateResource>;
  ofType(type: string): readonly (readonly [string, TemplateResource])[];
}

const done = new Map<string, Synthesised>();

/** Templates of the application with these settings; made once per test file. */
export function synthesise(settings: Readonly<Record<string, string>> = {}): Synthesised {
  const key = JSON.stringify(settings);
  const known = done.get(key) ?? synthesiseNow(settings);
  done.set(key, known);
  return known;
}

function synthesiseNow(settings: Readonly<Record<string, string>>): Synthesised {
  const { data, ingest, events, api } = appWith(settings);
  const stacks = [data, ingest, events, api];
  const templates = stacks.map((stack) => Template.fromStack(stack));
  const resources = new Map(
    templates.flatMap((template, index) =>
      Object.entries(template.toJSON()['Resources'] as Record<string, TemplateResource>).map(
        ([id, resource]) => [`${stacks[index]?.stackName}/${id}`, resource] as const,
      ),
    ),
  );
  return {
    templates,
    resources,
    ofType: (type) => [...resources].filter(([, resource]) => resource.Type === type),
  };
}
