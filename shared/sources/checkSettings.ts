import { badField, fieldErrors } from '../api/fieldErrors.ts';
import type { Connector } from '../connectors/connector.ts';
import { HeadgateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { checkSchedule } from '../schedules/nextTimes.ts';
import { checkRules } from './checkRules.ts';
import type { SourceItem } from './sourceItem.ts';

export type Connectors = readonly Connector[];

/** The connector of this name; null for a draft that has none yet. Throws when there is no such connector. */
export function connectorOf(connectors: Connectors, name: string): Connector | null {
  if (name === '') return null;
  const connector = connectors.find((each) => each.name === name);
  if (connector !== undefined) return connector;
  throw badField(
    ['connector'],
    `No such connector. There are: ${connectors.map((each) => each.name).join(', ')}.`,
  );
}

type Settings = Pick<
  SourceItem,
  | 'connector'
  | 'config'
  | 'syncMode'
  | 'schedule'
  | 'status'
  | 'streams'
  | 'secretRef'
  | 'primaryKey'
  | 'cursorField'
  | 'rules'
>;

/** Source, and audit entry with before and after, must fit DynamoDB items of 400 KB. */
const maxSettingsBytes = 64 * 1024;

/**
 * Throws for settings that could not work. A draft may still lack things, but what it has must be right; a
 * source in any other status is complete.
 */
export function checkSettings(connectors: Connectors, settings: Settings, now: Date): void {
  const connector = connectorOf(connectors, settings.connector);
  for (const name of ['config', 'streams'] as const)
    if (Buffer.byteLength(JSON.stringify(settings[name])) > maxSettingsBytes)
      throw badField([name], `May have ${maxSettingsBytes} bytes as JSON.`);
  if (settings.schedule !== null) checkSchedule(settings.schedule, now);
  if (settings.rules?.detectDeletes != null) checkSchedule(settings.rules.detectDeletes, now);
  checkRules(settings);
  if (connector === null) {
    if (settings.status !== 'draft') throw badField(['connector'], 'Only a draft may have none.');
    return;
  }
  checkConfig(connector, settings.config, settings.status !== 'draft');
  checkMode(connector, settings.syncMode, ['syncMode']);
  for (const [name, { syncMode }] of Object.entries(settings.streams ?? {}))
    if (syncMode !== undefined) checkMode(connector, syncMode, ['streams', name, 'syncMode']);
  if (settings.status !== 'draft' && settings.secretRef === null && needsCredentials(connector))
    throw badField(['credentials'], 'Needed unless the source is a draft.');
}

function checkMode(connector: Connector, mode: string, path: readonly string[]): void {
  if (connector.syncModes.some((each) => each === mode)) return;
  throw badField(path, `${connector.name} knows: ${connector.syncModes.join(', ')}.`);
}

/** Throws `invalid_config`; with `complete: false` fields may be missing. */
export function checkConfig(
  connector: Connector,
  config: Readonly<Record<string, Json>>,
  complete: boolean,
): void {
  const parsed = connector.config.safeParse(config);
  if (parsed.success) return;
  const issues = complete
    ? parsed.error.issues
    : parsed.error.issues.filter(({ path }) => valueAt(config, path) !== undefined);
  if (issues.length === 0) return;
  throw new HeadgateError('invalid_config', `This is no configuration for ${connector.name}.`, {
    fields: fieldErrors(issues, ['config']),
  });
}

/** Throws `invalid_credentials` for credentials of the wrong shape. Messages never quote values. */
export function checkCredentials(
  connector: Connector,
  credentials: Readonly<Record<string, Json>>,
): void {
  const parsed = connector.credentials.safeParse(credentials);
  if (parsed.success) return;
  throw new HeadgateError(
    'invalid_credentials',
    `These are no credentials for ${connector.name}.`,
    { fields: fieldErrors(parsed.error.issues, ['credentials']) },
  );
}

export const needsCredentials = (connector: Connector): boolean =>
  !connector.credentials.safeParse({}).success;

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
