import type { Json } from '../json.ts';
import type { Connectors } from './checkSettings.ts';
import { maskConfig } from './maskConfig.ts';
import type { SourceItem } from './sourceItem.ts';

/** What the audit trail keeps of a source: what people set, without secrets. */
export function auditView(source: Partial<SourceItem>, connectors: Connectors): Json {
  const { config, secretRef, lastRun, lastSuccessAt, recordCount, syncCount, attention, ...rest } =
    source;
  const schema = connectors.find(({ name }) => name === source.connector)?.config ?? null;
  // JSON leaves out what is undefined.
  return JSON.parse(
    JSON.stringify({
      ...rest,
      ...(config === undefined ? {} : { config: maskConfig(config, schema) }),
      ...(secretRef === undefined ? {} : { hasCredentials: secretRef !== null }),
    }),
  ) as Json;
}
