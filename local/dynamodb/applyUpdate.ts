import {
  type AttributeType,
  type AttributeValue,
  type Item,
  type Path,
  setMembers,
  typeOf,
  valueAt,
} from './attributeValue.ts';
import { addNumbers, negate } from './decimal.ts';
import {
  isArithmetic,
  isFunction,
  isPath,
  type Operand,
  type ParsedUpdate,
} from './expressions.ts';
import { validationError } from './failures.ts';

type Mutable = { [attribute: string]: AttributeValue };
type Container = { M: Mutable } | { L: AttributeValue[] };

const wrongType = 'An operand in the update expression has an incorrect data type';

/**
 * The item after an update expression. Every operand is read from the item as it was before; list positions
 * mean the list as it was before; a position past the end appends.
 * Throws ValidationException; the given item is never changed.
 */
export function applyUpdate(before: Item, update: ParsedUpdate): Item {
  const after = structuredClone(before) as Mutable;
  const writes: { path: Path; value: AttributeValue }[] = [];
  const removals: Path[] = [];
  for (const section of update.sections) {
    const { path } = section;
    const existing = valueAt(before, path);
    if (section.type === 'remove') removals.push(path);
    else if (section.type === 'set') writes.push({ path, value: evaluate(section.val, before) });
    else if (section.type === 'add') writes.push({ path, value: added(existing, section.val) });
    else {
      const rest = existing && withoutMembers(existing, section.val, section.attrType);
      if (rest === null) removals.push(path);
      else if (rest !== undefined) writes.push({ path, value: rest });
    }
  }
  // Appends to one list happen in the order of their positions.
  writes.sort((left, right) => position(left.path) - position(right.path));
  for (const { path, value } of writes) write(after, path, structuredClone(value));
  // From the end, so that earlier positions stay what they were.
  removals.sort((left, right) => position(right) - position(left));
  for (const path of removals) remove(after, path);
  return after;
}

/** Where in a list a path ends; -1 when it ends in a map. */
const position = (path: Path): number => {
  const step = path.at(-1);
  return typeof step === 'number' ? step : -1;
};

function container(item: Mutable, path: Path): Container {
  const parent = valueAt(item, path.slice(0, -1));
  const fits = parent && (typeof path.at(-1) === 'number' ? 'L' in parent : 'M' in parent);
  if (!fits)
    throw validationError(
      'The document path provided in the update expression is invalid for update',
    );
  return parent as Container;
}

function write(item: Mutable, path: Path, value: AttributeValue): void {
  const parent = container(item, path);
  const step = path.at(-1);
  if ('M' in parent) parent.M[String(step)] = value;
  else if (Number(step) < parent.L.length) parent.L[Number(step)] = value;
  else parent.L.push(value);
}

function remove(item: Mutable, path: Path): void {
  const parent = container(item, path);
  const step = path.at(-1);
  if ('M' in parent) delete parent.M[String(step)];
  else parent.L.splice(Number(step), 1);
}

function evaluate(operand: Operand, item: Item): AttributeValue {
  if (isPath(operand)) {
    const value = valueAt(item, operand);
    if (value === undefined)
      throw validationError(
        'The provided expression refers to an attribute that does not exist in the item',
      );
    return value;
  }
  if (isArithmetic(operand)) {
    const [left, right] = operand.args.map((argument) => evaluate(argument, item));
    if (left === undefined || right === undefined || !('N' in left) || !('N' in right))
      throw validationError(wrongType);
    return { N: addNumbers(left.N, operand.type === 'add' ? right.N : negate(right.N)) };
  }
  if (!isFunction(operand)) return operand;
  const [first, second] = operand.args;
  if (first === undefined || second === undefined) throw validationError(wrongType);
  if (operand.name === 'if_not_exists')
    return (isPath(first) ? valueAt(item, first) : undefined) ?? evaluate(second, item);
  const [head, tail] = [evaluate(first, item), evaluate(second, item)];
  if (!('L' in head) || !('L' in tail)) throw validationError(wrongType);
  return { L: [...head.L, ...tail.L] };
}

function added(existing: AttributeValue | undefined, value: AttributeValue): AttributeValue {
  if (existing === undefined) return value;
  if ('N' in existing && 'N' in value) return { N: addNumbers(existing.N, value.N) };
  const [members, more] = [setMembers(existing), setMembers(value)];
  if (typeOf(existing) !== typeOf(value) || members === null || more === null)
    throw validationError(wrongType);
  const missing = more.filter((member) => !members.includes(member));
  return setOf(typeOf(value), [...members, ...missing]);
}

/** What is left of a set; null when nothing is, because a set is never empty. */
function withoutMembers(
  existing: AttributeValue,
  value: AttributeValue,
  type: AttributeType,
): AttributeValue | null {
  const [members, gone] = [setMembers(existing), setMembers(value)];
  if (typeOf(existing) !== type || members === null || gone === null)
    throw validationError(wrongType);
  const rest = members.filter((member) => !gone.includes(member));
  return rest.length === 0 ? null : setOf(type, rest);
}

const setOf = (type: AttributeType, members: readonly string[]): AttributeValue =>
  ({ [type]: members }) as unknown as AttributeValue;
