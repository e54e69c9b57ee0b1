import { HeadgateError } from '../errors.ts';
import type { ColumnChange } from '../lake/planSchema.ts';

const mostNames = 20;

/**
 * The error for a load that would change a frozen schema; null for one that would not. `isChosen`: columns whose
 * type a person decided, which is no change of the source's.
 */
export function schemaFrozen(
  stream: string,
  changes: readonly ColumnChange[],
  isChosen: (original: string) => boolean,
): HeadgateError | null {
  const added = changes.flatMap((change) => (change.kind === 'added' ? [change.column] : []));
  const changed = changes.flatMap((change) =>
    (change.kind === 'widened' || change.kind === 'retyped') && !isChosen(change.column.name)
      ? [{ name: change.column.name, from: change.field.type, to: change.type }]
      : [],
  );
  if (added.length + changed.length === 0) return null;
  const parts = [
    added.length === 0 ? null : `has new columns (${listed(added.map(({ name }) => name))})`,
    changed.length === 0
      ? null
      : `has columns of another type (${listed(changed.map(({ name, from, to }) => `${name}: ${from} → ${to}`))})`,
  ];
  return new HeadgateError(
    'schema_frozen',
    `"${stream}" ${parts.filter((part) => part !== null).join(' and ')}, and its schema is frozen. Nothing of it was loaded: exclude the columns, choose their types, or take another contract.`,
    {
      facts: {
        stream,
        added: added.slice(0, mostNames).map(({ name }) => name),
        changed: changed.slice(0, mostNames),
      },
    },
  );
}

const listed = (names: readonly string[]): string =>
  names.length <= mostNames
    ? names.join(', ')
    : `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;
