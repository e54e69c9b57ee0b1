import { JsonError, type JsonMember, parseRecord } from '../formats/json/parseRecord.ts';
import { maskJsonText } from './jsonTextMask.ts';
import type { RuleBook } from './ruleBook.ts';
import { redacted, type ValueMask } from './valueMask.ts';

/** Names in the path of a flattened column at most: what lies deeper stays JSON text. */
export const flattenDepth = 4;

/**
 * Turns the members of a record into those that become columns: with `nested: flatten`, the members of an object
 * become `object.member`, and so on; arrays stay JSON text, and so does an object one of whose members would take a
 * name that the record has already. What masks name inside a value that stays whole is masked in its text.
 * null: members stay as they are.
 */
export function nestedMembers(
  book: RuleBook,
  valueMask: ValueMask,
): ((members: readonly JsonMember[]) => readonly JsonMember[]) | null {
  const flattens = book.rules.nested === 'flatten';
  const hasInner = Object.keys(book.rules.masks).some((name) => name.includes('.'));
  if (!flattens && !hasInner) return null;
  const masked = (member: JsonMember): JsonMember => maskInside(member, book, valueMask);
  if (!flattens) return (members) => members.map(masked);
  return (members) => {
    if (members.every(({ kind }) => kind !== 'nested')) return members.map(masked);
    const names = new Set(members.map(({ key }) => key));
    return members.flatMap((member) => {
      const inner = flatten(member, book, 1);
      const isClear = new Set(inner?.map(({ key }) => key)).size === inner?.length;
      if (!isClear || inner.some(({ key }) => names.has(key))) return [masked(member)];
      for (const { key } of inner) names.add(key);
      return inner.map(masked);
    });
  };
}

/** The members of an object and of the objects in it; null for what is not taken apart. */
function flatten(member: JsonMember, book: RuleBook, depth: number): readonly JsonMember[] | null {
  if (member.kind !== 'nested' || !member.text.startsWith('{') || depth === flattenDepth)
    return null;
  if (!book.opens(member.key)) return null;
  const members = membersOf(member.text);
  return (
    members?.flatMap((inner) => {
      const child = { ...inner, key: `${member.key}.${inner.key}` };
      return flatten(child, book, depth + 1) ?? [child];
    }) ?? null
  );
}

function membersOf(text: string): readonly JsonMember[] | null {
  try {
    return parseRecord(text);
  } catch (error) {
    // A key twice: as text nothing of it is lost.
    if (error instanceof JsonError) return null;
    throw error;
  }
}

function maskInside(member: JsonMember, book: RuleBook, valueMask: ValueMask): JsonMember {
  const masks = book.inside(member.key);
  if (masks.length === 0) return member;
  if (member.kind === 'nested')
    return { ...member, text: maskJsonText(member.text, masks, valueMask) };
  // Nested values that were put into a text cannot be taken apart with certainty.
  const isText = member.kind === 'string' || member.kind === 'cell';
  return isText && /^\s*[[{]/.test(member.text) ? { ...member, text: redacted } : member;
}
