import type { AttributeType, AttributeValue, Path } from './attributeValue.ts';

/** What dynalite's parsers make of expressions, names and values already filled in. */
export interface FunctionCall {
  readonly type: 'function';
  readonly name: string;
  readonly args: readonly Operand[];
}
export interface Arithmetic {
  readonly type: 'add' | 'subtract';
  readonly args: readonly [Operand, Operand];
}
export type Operand = Path | AttributeValue | FunctionCall | Arithmetic;

export type Condition =
  | { readonly type: 'and' | 'or'; readonly args: readonly [Condition, Condition] }
  | { readonly type: 'not'; readonly args: readonly [Condition] }
  | {
      readonly type: '=' | '<>' | '<' | '<=' | '>' | '>=' | 'between' | 'in';
      readonly args: readonly Operand[];
    }
  | FunctionCall;

export interface ParsedCondition {
  readonly expression: Condition;
  readonly nestedPaths: object;
  readonly pathHeads: Readonly<Record<string, boolean>>;
}

export type UpdateSection =
  | { readonly type: 'set'; readonly path: Path; readonly val: Operand }
  | { readonly type: 'remove'; readonly path: Path }
  | {
      readonly type: 'add' | 'delete';
      readonly path: Path;
      readonly val: AttributeValue;
      readonly attrType: AttributeType;
    };

export interface ParsedUpdate {
  readonly sections: readonly UpdateSection[];
  readonly paths: readonly Path[];
  readonly nestedPaths: object;
}

export interface ParsedProjection {
  readonly paths: readonly Path[];
  readonly nestedPaths: object;
}

export const isPath = (operand: Operand): operand is Path => Array.isArray(operand);
export const isFunction = (operand: Operand): operand is FunctionCall =>
  !isPath(operand) && 'type' in operand && operand.type === 'function';
export const isArithmetic = (operand: Operand): operand is Arithmetic =>
  !isPath(operand) && 'type' in operand && operand.type !== 'function';
