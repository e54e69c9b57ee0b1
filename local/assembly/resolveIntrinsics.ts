import { localAccount } from '../localService.ts';
import type { Template, Templates } from './loadTemplates.ts';
import {
  attributeOf,
  namePropertyOf,
  type ResourceReference,
  referenceTo,
} from './resourceNames.ts';

/** Something in a template that cannot be run here; says where it stands. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
  constructor(place: string, problem: string) {
    super(`${place}: ${problem}`);
  }
}

/** Stands for `AWS::NoValue`: the property or element it is the value of disappears. */
const noValue = Symbol('AWS::NoValue');

export interface Resolver {
  /** The value with every intrinsic replaced; throws AssemblyError with the place of one it cannot replace. */
  resolve(stack: string, value: unknown, place: string): unknown;
  holds(stack: string, condition: string | undefined, place: string): boolean;
  reference(stack: string, logicalId: string, place: string): ResourceReference;
}

/** Evaluates CloudFormation's intrinsic functions over all stacks of an assembly. */
export function createResolver({ stacks }: Templates): Resolver {
  const stackOf = (stack: string, place: string): Template => {
    const found = stacks.get(stack);
    if (found === undefined) throw new AssemblyError(place, `there is no stack ${stack}`);
    return found;
  };

  const reference = (stack: string, logicalId: string, place: string): ResourceReference => {
    const resource = stackOf(stack, place).Resources[logicalId];
    if (resource === undefined)
      throw new AssemblyError(place, `${stack} has no resource ${logicalId}`);
    const property = namePropertyOf[resource.Type];
    const given = property === undefined ? undefined : resource.Properties[property];
    const name =
      given === undefined ? null : resolve(stack, given, `${stack}/${logicalId}.${property}`);
    return {
      stack,
      logicalId,
      type: resource.Type,
      givenName: typeof name === 'string' ? name : null,
    };
  };

  const ref = (stack: string, name: string, place: string): unknown => {
    const pseudo = pseudoParameter(name, stack);
    if (pseudo !== undefined) return pseudo;
    const parameter = stackOf(stack, place).Parameters[name];
    if (parameter !== undefined) {
      if (parameter.Default !== undefined) return parameter.Default;
      throw new AssemblyError(place, `the parameter ${name} has no default`);
    }
    const resource = reference(stack, name, place);
    const value = referenceTo(resource);
    if (value === null) throw new AssemblyError(place, `Ref of a ${resource.type} is not known`);
    return value;
  };

  const getAtt = (stack: string, argument: unknown, place: string): string => {
    const [logicalId = '', ...rest] =
      typeof argument === 'string' ? argument.split('.') : (argument as readonly string[]);
    const attribute = rest.join('.');
    const resource = reference(stack, logicalId, place);
    const value = attributeOf(resource, attribute);
    if (value === null)
      throw new AssemblyError(place, `${attribute} of a ${resource.type} is not known`);
    return value;
  };

  const sub = (stack: string, argument: unknown, place: string): string => {
    const [text, given] = (Array.isArray(argument) ? argument : [argument, {}]) as [
      string,
      Record<string, unknown>,
    ];
    return text
      .replace(/\$\{([^!}]+)\}/g, (_, name: string) => {
        if (Object.hasOwn(given, name)) return String(resolve(stack, given[name], place));
        return String(name.includes('.') ? getAtt(stack, name, place) : ref(stack, name, place));
      })
      .replaceAll('${!', '${');
  };

  const exported = new Map<unknown, { stack: string; value: unknown; place: string }>();
  const importValue = (stack: string, argument: unknown, place: string): unknown => {
    if (exported.size === 0)
      for (const [exporter, { Outputs }] of stacks)
        for (const [id, output] of Object.entries(Outputs)) {
          if (output.Export === undefined) continue;
          const at = `${exporter}/Outputs.${id}`;
          exported.set(resolve(exporter, output.Export.Name, at), {
            stack: exporter,
            value: output.Value,
            place: at,
          });
        }
    const wanted = resolve(stack, argument, place);
    const found = exported.get(wanted);
    if (found === undefined) throw new AssemblyError(place, `no stack exports ${String(wanted)}`);
    return resolve(found.stack, found.value, found.place);
  };

  const stackOutput = (stack: string, argument: unknown, place: string): unknown => {
    const { StackName, OutputName } = resolve(stack, argument, place) as Record<string, string>;
    const output = stackOf(StackName ?? '', place).Outputs[OutputName ?? ''];
    if (output === undefined)
      throw new AssemblyError(place, `${StackName} has no output ${OutputName}`);
    return resolve(StackName ?? '', output.Value, `${StackName}/Outputs.${OutputName}`);
  };

  const condition = (stack: string, expression: unknown, place: string): boolean => {
    const [name, argument] = Object.entries(expression as Record<string, unknown>)[0] ?? ['', null];
    const parts = (): readonly boolean[] =>
      (argument as readonly unknown[]).map((part) => condition(stack, part, place));
    switch (name) {
      case 'Fn::Equals': {
        const [left, right] = resolve(stack, argument, place) as readonly unknown[];
        return left === right;
      }
      case 'Fn::And':
        return parts().every(Boolean);
      case 'Fn::Or':
        return parts().some(Boolean);
      case 'Fn::Not':
        return !parts()[0];
      case 'Condition':
        return holds(stack, String(argument), place);
      default:
        throw new AssemblyError(place, `the condition ${name} is not known`);
    }
  };

  const holds = (stack: string, name: string | undefined, place: string): boolean => {
    if (name === undefined) return true;
    const expression = stackOf(stack, place).Conditions[name];
    if (expression === undefined) throw new AssemblyError(place, `there is no condition ${name}`);
    return condition(stack, expression, `${stack}/Conditions.${name}`);
  };

  const call = (stack: string, name: string, argument: unknown, place: string): unknown => {
    const list = (): readonly unknown[] => resolve(stack, argument, place) as readonly unknown[];
    switch (name) {
      case 'Ref':
        return ref(stack, String(argument), place);
      case 'Fn::GetAtt':
        return getAtt(stack, argument, place);
      case 'Fn::Join': {
        const [separator, parts] = list() as [string, readonly unknown[]];
        return parts.join(separator);
      }
      case 'Fn::Sub':
        return sub(stack, argument, place);
      case 'Fn::Select': {
        const [index, parts] = list() as [number | string, readonly unknown[]];
        return parts[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, text] = list() as [string, string];
        return text.split(separator);
      }
      case 'Fn::ImportValue':
        return importValue(stack, argument, place);
      case 'Fn::GetStackOutput':
        return stackOutput(stack, argument, place);
      case 'Fn::If': {
        const [name_, yes, no] = argument as [string, unknown, unknown];
        return resolveRaw(stack, holds(stack, name_, place) ? yes : no, place);
      }
      case 'Fn::FindInMap': {
        const [map, first, second] = list() as readonly string[];
        const value = stackOf(stack, place).Mappings[map ?? '']?.[first ?? '']?.[second ?? ''];
        if (value === undefined)
          throw new AssemblyError(place, `the mapping ${map} has no ${first}, ${second}`);
        return value;
      }
      default:
        throw new AssemblyError(place, `the intrinsic ${name} is not known`);
    }
  };

  const resolveRaw = (stack: string, value: unknown, place: string): unknown => {
    if (Array.isArray(value))
      return value
        .map((item, index) => resolveRaw(stack, item, `${place}[${index}]`))
        .filter((item) => item !== noValue);
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && /^(Ref$|Fn::)/.test(only[0]))
      return call(stack, only[0], only[1], place);
    return Object.fromEntries(
      entries
        .map(([key, item]) => [key, resolveRaw(stack, item, `${place}.${key}`)])
        .filter(([, item]) => item !== noValue),
    );
  };

  const resolve = (stack: string, value: unknown, place: string): unknown => {
    const resolved = resolveRaw(stack, value, place);
    return resolved === noValue ? undefined : resolved;
  };

  return { resolve, holds, reference };
}

function pseudoParameter(name: string, stack: string): unknown {
  switch (name) {
    case 'AWS::Region':
      return localAccount.region;
    case 'AWS::AccountId':
      return localAccount.accountId;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack;
    case 'AWS::NoValue':
      return noValue;
    default:
      return undefined;
  }
}
