import type * as z from 'zod';
import type { Json } from '../../shared/json.ts';
import type { Definition, Flow, State } from './definition.ts';
import { definitionSchema } from './definitionSchema.ts';
import { compileQuery, expressionIn } from './query.ts';

/** Every fault found, each with the place it stands at, e.g. `States.Next.Choices.0.Next`. */
export class InvalidDefinition extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`the state machine is not valid: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/**
 * Reads a definition and checks all that can be known before it runs: fields and their types, that every
 * target exists and every state is reached, that names are unique, every expression parses and uses no
 * `$eval`, no branch assigns a variable of the scope around it, and every resource can be called.
 * Throws InvalidDefinition.
 */
export function validateDefinition(
  text: string,
  resourceExists: (resource: string) => boolean,
): Definition {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new InvalidDefinition([`not JSON: ${(error as Error).message}`]);
  }
  const parsed = definitionSchema.safeParse(raw);
  if (!parsed.success)
    throw new InvalidDefinition(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${describe(issue)}`),
    );
  const faults: string[] = [];
  const names = new Set<string>();
  checkFlow(parsed.data, '', {
    fault: (place, problem) => void faults.push(`${place}: ${problem}`),
    names,
    outerVariables: new Set(),
    resourceExists,
  });
  if (faults.length > 0) throw new InvalidDefinition(faults);
  return parsed.data;
}

/** A union's own message says only that nothing fits; the first branch's says what. */
function describe(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_union' ? issue.errors.flat()[0] : undefined;
  return inner ? `${inner.path.join('.')} ${inner.message}`.trim() : issue.message;
}

interface Scope {
  fault(place: string, problem: string): void;
  /** Names of all states, which are unique in a machine. */
  readonly names: Set<string>;
  readonly outerVariables: ReadonlySet<string>;
  resourceExists(resource: string): boolean;
}

function checkFlow(flow: Flow, place: string, scope: Scope): void {
  const at = (name: string): string => `${place}States.${name}`;
  if (!Object.hasOwn(flow.States, flow.StartAt))
    scope.fault(`${place}StartAt`, `there is no state ${flow.StartAt} here`);
  const variables = new Set([...scope.outerVariables, ...variablesOf(flow)]);
  const reached = new Set([flow.StartAt]);
  for (const name of reached) {
    const state = flow.States[name];
    if (state) for (const { target } of targetsOf(state)) reached.add(target);
  }
  for (const [name, state] of Object.entries(flow.States)) {
    if (scope.names.has(name)) scope.fault(at(name), 'this name is used twice');
    scope.names.add(name);
    if (!reached.has(name)) scope.fault(at(name), 'no state leads here');
    for (const { field, target } of targetsOf(state))
      if (!Object.hasOwn(flow.States, target))
        scope.fault(`${at(name)}.${field}`, `there is no state ${target} here`);
    if (goesOn(state) && (state.Next === undefined) === (state.End === undefined))
      scope.fault(at(name), 'needs either Next or End');
    for (const variable of assignedBy(state))
      if (scope.outerVariables.has(variable))
        scope.fault(at(name), `assigns $${variable}, which belongs to the scope around it`);
    checkExpressions(state as unknown as Json, at(name), scope);
    checkParts(state, at(name), { ...scope, outerVariables: variables });
  }
}

const goesOn = (state: State): boolean =>
  state.Type !== 'Choice' && state.Type !== 'Succeed' && state.Type !== 'Fail';

function targetsOf(state: State): readonly { readonly field: string; readonly target: string }[] {
  const targets: { field: string; target: string }[] = [];
  if (state.Next !== undefined) targets.push({ field: 'Next', target: state.Next });
  if (state.Type === 'Choice') {
    for (const [index, choice] of state.Choices.entries())
      targets.push({ field: `Choices.${index}.Next`, target: choice.Next });
    if (state.Default !== undefined) targets.push({ field: 'Default', target: state.Default });
  }
  if ('Catch' in state)
    for (const [index, catcher] of (state.Catch ?? []).entries())
      targets.push({ field: `Catch.${index}.Next`, target: catcher.Next });
  return targets;
}

/** What a state's own expressions assign, its handlers' and choices' included; not its branches'. */
function assignedBy(state: State): readonly string[] {
  const parts = [
    state.Assign,
    ...(state.Type === 'Choice' ? state.Choices.map((choice) => choice.Assign) : []),
    ...('Catch' in state ? (state.Catch ?? []).map((catcher) => catcher.Assign) : []),
  ];
  return parts.flatMap((part) => Object.keys(part ?? {}));
}

const variablesOf = (flow: Flow): readonly string[] =>
  Object.values(flow.States).flatMap(assignedBy);

/** Branches, bodies and resources. */
function checkParts(state: State, place: string, scope: Scope): void {
  const checkResource = (field: string, resource: string): void => {
    if (!scope.resourceExists(resource))
      scope.fault(`${place}.${field}`, `the embedded Step Functions cannot call ${resource}`);
  };
  switch (state.Type) {
    case 'Task':
      checkResource('Resource', state.Resource);
      return;
    case 'Parallel':
      for (const [index, branch] of state.Branches.entries())
        checkFlow(branch, `${place}.Branches.${index}.`, scope);
      return;
    case 'Map': {
      const distributed = state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED';
      if (state.ItemReader) checkResource('ItemReader.Resource', state.ItemReader.Resource);
      if (state.ItemReader && state.Items !== undefined)
        scope.fault(place, 'has both Items and ItemReader');
      if (state.ResultWriter?.Resource !== undefined)
        checkResource('ResultWriter.Resource', state.ResultWriter.Resource);
      if (!distributed)
        for (const field of distributedOnly)
          if (state[field] !== undefined)
            scope.fault(`${place}.${field}`, 'needs a Map whose Mode is DISTRIBUTED');
      // A child execution of a distributed Map sees no variables from outside.
      const inner = distributed ? { ...scope, outerVariables: new Set<string>() } : scope;
      checkFlow(state.ItemProcessor, `${place}.ItemProcessor.`, inner);
    }
  }
}

const distributedOnly = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
  'Label',
] as const;

/** Parses every expression below `value`, those of nested flows left out: they are checked as flows. */
function checkExpressions(value: Json, place: string, scope: Scope): void {
  if (typeof value === 'string') {
    const text = expressionIn(value);
    if (text === null) return;
    try {
      if (usesEval(compileQuery(text).ast())) scope.fault(place, '$eval is not supported');
    } catch (error) {
      scope.fault(place, `not JSONata: ${(error as Error).message}`);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value))
      if (name !== 'Branches' && name !== 'ItemProcessor')
        checkExpressions(part, `${place}.${name}`, scope);
  }
}

function usesEval(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type, value } = node as { type?: unknown; value?: unknown };
  return (type === 'variable' && value === 'eval') || Object.values(node).some(usesEval);
}
