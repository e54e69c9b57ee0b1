/** DynamoDB's JSON form of a value: exactly one type, numbers as text, binary as base64. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item };
export interface Item {
  readonly [attribute: string]: AttributeValue;
}
export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'SS' | 'NS' | 'BS' | 'L' | 'M';

/** Attribute names and list positions from the item's top down to a value. */
export type Path = readonly (string | number)[];

export const typeOf = (value: AttributeValue): AttributeType =>
  Object.keys(value)[0] as AttributeType;

/** The members of a set of any of the three kinds, or null when it is no set. */
export const setMembers = (value: AttributeValue): readonly string[] | null =>
  'SS' in value ? value.SS : 'NS' in value ? value.NS : 'BS' in value ? value.BS : null;

/** Equal in type and content; sets without regard to order. Numbers MUST be normalised, as requests are. */
export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  const type = typeOf(left);
  if (type !== typeOf(right)) return false;
  const [members, others] = [setMembers(left), setMembers(right)];
  if (members !== null && others !== null)
    return members.length === others.length && members.every((member) => others.includes(member));
  if ('L' in left && 'L' in right)
    return (
      left.L.length === right.L.length &&
      left.L.every((value, index) => equalValues(value, right.L[index] as AttributeValue))
    );
  if ('M' in left && 'M' in right) return equalItems(left.M, right.M);
  return scalarOf(left) === scalarOf(right);
}

export function equalItems(left: Item, right: Item): boolean {
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => {
      const [mine, other] = [left[name], right[name]];
      return mine !== undefined && other !== undefined && equalValues(mine, other);
    })
  );
}

const scalarOf = (value: AttributeValue): unknown => Object.values(value)[0];

/** The value at a path, or undefined. */
export function valueAt(item: Item, path: Path): AttributeValue | undefined {
  let current: AttributeValue | undefined = { M: item };
  for (const step of path) {
    if (current === undefined) return undefined;
    current = memberOf(current, step);
  }
  return current;
}

function memberOf(value: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return 'L' in value ? value.L[step] : undefined;
  return 'M' in value && Object.hasOwn(value.M, step) ? value.M[step] : undefined;
}

/**
 * Bytes as DynamoDB counts them against 400 KB an item and 1 MB a page: names and values in UTF-8, numbers
 * about one byte per two digits plus one, three bytes for a list or map and one for each member
 * (Developer Guide, "DynamoDB item sizes and formats").
 */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );

function valueBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberBytes(value.N);
  if ('B' in value) return Buffer.byteLength(value.B, 'base64');
  if ('SS' in value) return value.SS.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if ('NS' in value) return value.NS.reduce((sum, number) => sum + numberBytes(number), 0);
  if ('BS' in value)
    return value.BS.reduce((sum, bytes) => sum + Buffer.byteLength(bytes, 'base64'), 0);
  if ('L' in value) return 3 + value.L.reduce((sum, member) => sum + 1 + valueBytes(member), 0);
  if ('M' in value) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  return 1;
}

const numberBytes = (number: string): number => {
  const digits = number.replace(/^-|\./g, '').replace(/^0+/, '').replace(/0+$/, '').length;
  return 1 + Math.ceil(digits / 2) + (number.startsWith('-') ? 1 : 0);
};
