import { badField } from '../api/fieldErrors.ts';
import { normalizeColumnNames } from '../lake/columnNames.ts';
import { spelling } from '../schema/ruleBook.ts';
import type { SourceItem, StreamSettings } from './sourceItem.ts';

type Settings = Pick<SourceItem, 'streams' | 'primaryKey' | 'cursorField'>;

const longestName = 128;

/** Throws for rules of columns that could not work, or that would take away what a stream is merged by. */
export function checkRules({ streams, primaryKey, cursorField }: Settings): void {
  for (const [name, settings] of Object.entries(streams ?? {}))
    checkStream(['streams', name], settings, {
      primaryKey: settings.primaryKey ?? primaryKey,
      cursorField: settings.cursorField ?? cursorField,
    });
}

function checkStream(
  path: readonly string[],
  { rename = {}, types = {}, masks = {}, exclude = [] }: StreamSettings,
  { primaryKey, cursorField }: Pick<SourceItem, 'primaryKey' | 'cursorField'>,
): void {
  const targets = new Map<string, string>();
  for (const [column, target] of Object.entries(rename)) {
    const at = [...path, 'rename', column];
    // A name that a table would spell otherwise, or keeps for itself.
    const [made] = normalizeColumnNames([target]);
    if (made?.name !== target || target.length > longestName)
      throw badField(at, `Not a name for a column of a table: "${made?.name}" would be one.`);
    const other = targets.get(target);
    if (other !== undefined) throw badField(at, `"${other}" gets this name already.`);
    targets.set(target, column);
  }
  const masked = new Map(Object.entries(masks).map(([name, mask]) => [spelling(name), mask]));
  for (const column of Object.keys(types))
    if (masked.has(spelling(column)))
      throw badField([...path, 'types', column], 'A masked column is text; choose one of the two.');
  const excluded = new Set(exclude.map(spelling));
  for (const column of primaryKey) {
    const mask = masked.get(spelling(column));
    if (mask === 'drop' || mask === 'redact')
      throw badField(
        [...path, 'masks', column],
        'Part of the primary key, so it can only be hashed: rows could no longer be told apart.',
      );
    if (excluded.has(spelling(column)))
      throw badField([...path, 'exclude'], `"${column}" is part of the primary key.`);
  }
  if (cursorField === null) return;
  if (masked.has(spelling(cursorField)))
    throw badField(
      [...path, 'masks', cursorField],
      'The cursor field cannot be masked: its values order the rows.',
    );
  if (excluded.has(spelling(cursorField)))
    throw badField([...path, 'exclude'], `"${cursorField}" is the cursor field.`);
}
