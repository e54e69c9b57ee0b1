import type { SourceRecord } from '../connectors/connector.ts';
import type { Json } from '../json.ts';
import { maskJsonText } from './jsonTextMask.ts';
import { flattenDepth } from './nestedMembers.ts';
import type { RuleBook } from './ruleBook.ts';
import { redacted, type ValueMask } from './valueMask.ts';

/** `nestedMembers` for records that are objects already. null: records stay as they are. */
export function nestedRecord(
  book: RuleBook,
  valueMask: ValueMask,
): ((record: SourceRecord) => SourceRecord) | null {
  const flattens = book.rules.nested === 'flatten';
  const hasInner = Object.keys(book.rules.masks).some((name) => name.includes('.'));
  if (!flattens && !hasInner) return null;
  const masked = ([name, value]: Member): Member => [
    name,
    maskInside(name, value, book, valueMask),
  ];
  return (record) => {
    const members = Object.entries(record) as Member[];
    if (!flattens) return Object.fromEntries(members.map(masked));
    const names = new Set(members.map(([name]) => name));
    return Object.fromEntries(
      members.flatMap((member) => {
        const inner = flatten(member, book, 1);
        const isClear = new Set(inner?.map(([name]) => name)).size === inner?.length;
        if (!isClear || inner.some(([name]) => names.has(name))) return [masked(member)];
        for (const [name] of inner) names.add(name);
        return inner.map(masked);
      }),
    );
  };
}

type Member = readonly [string, Json];

function flatten([name, value]: Member, book: RuleBook, depth: number): Member[] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (depth === flattenDepth || !book.opens(name)) return null;
  return Object.entries(value).flatMap(([key, inner]) => {
    const child: Member = [`${name}.${key}`, inner as Json];
    return flatten(child, book, depth + 1) ?? [child];
  });
}

function maskInside(name: string, value: Json, book: RuleBook, valueMask: ValueMask): Json {
  const masks = book.inside(name);
  if (masks.length === 0) return value;
  if (typeof value === 'object' && value !== null)
    return maskJsonText(JSON.stringify(value), masks, valueMask);
  return typeof value === 'string' && /^\s*[[{]/.test(value) ? redacted : value;
}
