import {
  type AttributeValue,
  equalValues,
  type Item,
  setMembers,
  typeOf,
  valueAt,
} from './attributeValue.ts';
import { compareNumbers } from './decimal.ts';
import {
  type Condition,
  type FunctionCall,
  isFunction,
  isPath,
  type Operand,
} from './expressions.ts';

/** Whether an item (empty: there is none) meets a condition or filter. */
export function matches(item: Item, condition: Condition): boolean {
  switch (condition.type) {
    case 'and':
      return condition.args.every((part) => matches(item, part));
    case 'or':
      return condition.args.some((part) => matches(item, part));
    case 'not':
      return !matches(item, condition.args[0]);
    case 'function':
      return holds(item, condition);
    default: {
      const [left, ...right] = condition.args.map((operand) => resolve(item, operand));
      return compare(condition.type, left, right);
    }
  }
}

type Resolved = AttributeValue | undefined;

function compare(operator: string, left: Resolved, right: readonly Resolved[]): boolean {
  const [first, second] = right;
  switch (operator) {
    case '=':
      return left !== undefined && first !== undefined && equalValues(left, first);
    case '<>':
      // An attribute that is not there differs from everything, even from another that is not there.
      return !compare('=', left, right);
    case 'in':
      return left !== undefined && right.some((one) => one !== undefined && equalValues(left, one));
    case 'between':
      return (
        ordered(left, first, (sign) => sign >= 0) && ordered(left, second, (sign) => sign <= 0)
      );
    case '<':
      return ordered(left, first, (sign) => sign < 0);
    case '<=':
      return ordered(left, first, (sign) => sign <= 0);
    case '>':
      return ordered(left, first, (sign) => sign > 0);
    default:
      return ordered(left, first, (sign) => sign >= 0);
  }
}

/** Only two texts, two numbers or two binaries have an order; anything else compares as false. */
function ordered(left: Resolved, right: Resolved, accept: (sign: number) => boolean): boolean {
  if (left === undefined || right === undefined) return false;
  if ('N' in left && 'N' in right) return accept(compareNumbers(left.N, right.N));
  if (('S' in left && 'S' in right) || ('B' in left && 'B' in right))
    return accept(Buffer.compare(bytesOf(left), bytesOf(right)));
  return false;
}

const bytesOf = (value: AttributeValue): Buffer =>
  'S' in value ? Buffer.from(value.S) : Buffer.from('B' in value ? value.B : '', 'base64');

function holds(item: Item, { name, args }: FunctionCall): boolean {
  const [value, operand] = args.map((argument) => resolve(item, argument));
  switch (name) {
    case 'attribute_exists':
      return value !== undefined;
    case 'attribute_not_exists':
      return value === undefined;
    case 'attribute_type':
      return (
        value !== undefined &&
        operand !== undefined &&
        'S' in operand &&
        typeOf(value) === operand.S
      );
    case 'begins_with':
      return value !== undefined && operand !== undefined && beginsWith(value, operand);
    default:
      return value !== undefined && operand !== undefined && contains(value, operand);
  }
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if ('S' in value && 'S' in prefix) return value.S.startsWith(prefix.S);
  if (!('B' in value && 'B' in prefix)) return false;
  const start = bytesOf(prefix);
  return bytesOf(value).subarray(0, start.length).equals(start);
}

function contains(value: AttributeValue, part: AttributeValue): boolean {
  if ('S' in value && 'S' in part) return value.S.includes(part.S);
  if ('B' in value && 'B' in part) return bytesOf(value).includes(bytesOf(part));
  if ('L' in value) return value.L.some((member) => equalValues(member, part));
  if ('SS' in value && 'S' in part) return value.SS.includes(part.S);
  if ('NS' in value && 'N' in part) return value.NS.includes(part.N);
  return 'BS' in value && 'B' in part && value.BS.includes(part.B);
}

function resolve(item: Item, operand: Operand): Resolved {
  if (isPath(operand)) return valueAt(item, operand);
  if (!isFunction(operand)) return operand as AttributeValue;
  const [argument] = operand.args;
  const value = argument === undefined ? undefined : resolve(item, argument);
  const size = value === undefined ? undefined : sizeOf(value);
  return size === undefined ? undefined : { N: String(size) };
}

function sizeOf(value: AttributeValue): number | undefined {
  if ('S' in value) return value.S.length;
  if ('B' in value) return bytesOf(value).length;
  if ('L' in value) return value.L.length;
  if ('M' in value) return Object.keys(value.M).length;
  return setMembers(value)?.length;
}
