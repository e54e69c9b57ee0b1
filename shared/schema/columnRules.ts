import type { ColumnType } from '../lake/schema.ts';
import type { StreamItem } from '../runs/streamItem.ts';
import type { ColumnMask, SchemaContract, SourceItem } from '../sources/sourceItem.ts';

/**
 * What a person decided about a stream's columns, applied before anything is stored. Names are the source's own
 * spelling, members of nested values written `address.city`; they are found as `RuleBook` says.
 */
export interface ColumnRules {
  /** Columns that are left out, besides those that `StreamRequest.columns` does not name. */
  readonly exclude: readonly string[];
  /** Source column → its name in the table. */
  readonly rename: Readonly<Record<string, string>>;
  /** Source column → its type in the table. */
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly masks: Readonly<Record<string, ColumnMask>>;
  /** What happens to columns that are new, and to values that the table has no place for. */
  readonly contract: SchemaContract;
  readonly nested: 'json' | 'flatten';
  /** Key of the tenant's hashes; null where no mask is a hash. */
  readonly maskKey: Uint8Array | null;
}

/** A stream about which nobody decided anything. */
export const noRules: ColumnRules = {
  exclude: [],
  rename: {},
  types: {},
  masks: {},
  contract: 'evolve',
  nested: 'json',
  maskKey: null,
};

type Settings = Pick<SourceItem, 'streams' | 'contract' | 'rules'>;

/**
 * The rules of one stream: its own settings, then its source's. A table that has no schema yet evolves whatever its
 * contract says, because there is nothing to compare with. `maskKey` is needed where `needsMaskKey` says so.
 */
export function columnRulesOf(
  source: Settings,
  { stream, schema }: Pick<StreamItem, 'stream' | 'schema'>,
  maskKey: Uint8Array | null,
): ColumnRules {
  const settings = source.streams?.[stream] ?? {};
  return {
    exclude: settings.exclude ?? [],
    rename: settings.rename ?? {},
    types: settings.types ?? {},
    masks: settings.masks ?? {},
    contract: schema.length === 0 ? 'evolve' : (settings.contract ?? source.contract),
    nested: settings.nested ?? source.rules?.nested ?? 'json',
    maskKey,
  };
}

/** Whether a stream, or any stream of a source, has a column that is hashed. */
export const needsMaskKey = ({ streams }: Pick<SourceItem, 'streams'>, stream?: string): boolean =>
  Object.entries(streams ?? {}).some(
    ([name, { masks }]) =>
      (stream === undefined || name === stream) && Object.values(masks ?? {}).includes('hash'),
  );
