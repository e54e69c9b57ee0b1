import type * as z from 'zod';
import type { StreamSettings } from './streamSettings.ts';

type Issues = z.core.$RefinementCtx<unknown>;
type Place = (string | number)[];

/** What fields say about each other. Each complaint names the field that is to be changed. */
export function checkedSettings(
  { streams }: { readonly streams: readonly StreamSettings[] },
  context: Issues,
): void {
  const complain = (path: Place, message: string): void =>
    context.addIssue({ code: 'custom', path: ['streams', ...path], message });
  const byName = new Map<string, number>();
  for (const [index, stream] of streams.entries()) {
    if (byName.has(stream.name)) complain([index, 'name'], 'another stream has this name');
    byName.set(stream.name, index);
  }
  for (const [index, stream] of streams.entries()) {
    checkColumns(stream, (path, message) => complain([index, ...path], message));
    checkParent(stream, streams, (path, message) => complain([index, ...path], message));
    if (stream.body !== undefined && stream.method !== 'POST')
      complain([index, 'body'], 'only requests with the method POST have a body');
    const needsFull = ['offset', 'page'].includes(stream.paging.kind);
    if (needsFull && stream.pageSize === undefined)
      complain(
        [index, 'pageSize'],
        'is needed to tell the last page, which is not full, from the others',
      );
  }
}

/** The column of fields that nobody declared. */
export const otherFields = 'other_fields';

type Complain = (path: Place, message: string) => void;

function checkColumns(stream: StreamSettings, complain: Complain): void {
  const { columns, primaryKey, cursor, parent } = stream;
  if (columns === undefined) {
    if (cursor?.field.includes('.'))
      complain(
        ['cursor', 'field'],
        'lies inside another field: name it as a column, so that rows can be ordered by it',
      );
    return;
  }
  const names = new Set<string>();
  for (const [at, { name }] of columns.entries()) {
    if (names.has(name)) complain(['columns', at, 'name'], 'another column has this name');
    names.add(name);
  }
  if (names.has(otherFields))
    complain(['columns'], `${otherFields} holds what no column takes; call yours something else`);
  if (parent !== undefined) names.add(parent.column);
  for (const [at, name] of primaryKey.entries())
    if (!names.has(name)) complain(['primaryKey', at], 'is none of the columns');
  if (cursor !== undefined && cursorColumn(stream) === null)
    complain(['cursor', 'field'], 'no column comes from it');
}

function checkParent(
  { name, parent, path, cursor, columns }: StreamSettings,
  streams: readonly StreamSettings[],
  complain: Complain,
): void {
  if (parent === undefined) {
    if (path.includes('{parent}')) complain(['path'], 'has {parent}, but the stream has no parent');
    return;
  }
  const above = streams.find((each) => each.name === parent.stream);
  if (above === undefined || above.name === name)
    complain(['parent', 'stream'], 'is none of the other streams');
  else if (above.parent !== undefined)
    complain(['parent', 'stream'], 'has a parent itself; only one level is read');
  if (!path.includes('{parent}')) complain(['path'], 'does not have {parent} for the parent’s key');
  if (cursor !== undefined) complain(['cursor'], 'a stream with a parent is read whole each time');
  if (columns?.some((column) => column.name === parent.column))
    complain(['parent', 'column'], 'one of the columns has this name');
}

/** The column that the cursor's time is in; null where there is none. */
export const cursorColumn = ({ columns, cursor }: StreamSettings): string | null =>
  cursor === undefined
    ? null
    : columns === undefined
      ? cursor.field
      : (columns.find(({ name, from = name }) => from === cursor.field)?.name ?? null);
