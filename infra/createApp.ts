import { App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { FunctionCode } from './bundle/functionCode.ts';
import { namesOf } from './names.ts';
import { readSettings, type Settings } from './settings.ts';
import { ApiStack } from './stacks/apiStack.ts';
import { ConsoleStack } from './stacks/consoleStack.ts';
import { DataStack } from './stacks/dataStack.ts';
import { EventStack } from './stacks/eventStack.ts';
import { IngestStack } from './stacks/ingestStack.ts';

export interface AppOptions {
  /** The CDK context: feature flags of cdk.json and `-c name=value`. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly outdir?: string;
  /** Runs cdk-nag and the template validator while synthesising; a finding fails the synthesis. @default true */
  readonly validate?: boolean;
  /** Makes the code of each function from the settings. */
  readonly code: (settings: Settings) => FunctionCode;
}

export interface HeadgateApp {
  readonly app: App;
  readonly settings: Settings;
  readonly data: DataStack;
  readonly ingest: IngestStack;
  readonly events: EventStack;
  readonly api: ApiStack;
  /** Where the settings name a built console. */
  readonly console: ConsoleStack | null;
}

/** The whole application, not yet synthesised. Needs no network and no credentials. */
export function createApp({ context, outdir, validate = true, code }: AppOptions): HeadgateApp {
  const app = new App({
    context: { ...context },
    analyticsReporting: false,
    builtinCloudFormationValidation: validate,
    stackTraces: validate,
    treeMetadata: validate,
    ...(outdir === undefined ? {} : { outdir }),
  });
  const settings = readSettings((name) => app.node.tryGetContext(name));
  const { prefix } = namesOf(settings.stage);
  const functionCode = code(settings);
  const shared = { settings, terminationProtection: settings.retain };
  const data = new DataStack(app, `${prefix}-data`, {
    ...shared,
    description: 'Headgate: table, buckets, keys, Glue database',
  });
  const ingest = new IngestStack(app, `${prefix}-ingest`, {
    ...shared,
    data,
    code: functionCode,
    description: 'Headgate: state machine, connectors, triggers',
  });
  const events = new EventStack(app, `${prefix}-events`, {
    ...shared,
    data,
    code: functionCode,
    description: 'Headgate: events, WebSocket API, alerts',
  });
  const api = new ApiStack(app, `${prefix}-api`, {
    ...shared,
    data,
    ingest,
    events,
    code: functionCode,
    description: 'Headgate: HTTP API',
  });
  const { consoleFolder } = settings;
  const console =
    consoleFolder === undefined
      ? null
      : new ConsoleStack(app, `${prefix}-console`, {
          ...shared,
          data,
          events,
          api,
          folder: consoleFolder,
          description: 'Headgate: console',
        });
  Tags.of(app).add('application', 'headgate');
  Tags.of(app).add('stage', settings.stage);
  if (validate) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, settings, data, ingest, events, api, console };
}
