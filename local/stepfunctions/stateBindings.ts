import type { Json } from '../../shared/json.ts';
import type { Template } from './definition.ts';
import type { Walk } from './engine.ts';
import type { Variables } from './frames.ts';
import { evaluateTemplate } from './query.ts';
import { StateError } from './stateError.ts';

/** What `$states` has besides input and context. */
export interface Extra {
  readonly result?: Json;
  readonly errorOutput?: Json;
  /** Besides the flow's own, e.g. a Map item. */
  readonly context?: Readonly<Record<string, Json>>;
}

/**
 * `$states.context` of the state a walk stands at.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
export const contextOf = (walk: Walk): Readonly<Record<string, Json>> => ({
  ...walk.run.context,
  ...walk.context,
  State: {
    Name: walk.frame.state,
    EnteredTime: new Date(walk.frame.enteredAt).toISOString(),
    RetryCount: walk.frame.retryCount,
  },
});

/** Evaluates a template as the state the walk stands at sees it. Rejects with StateError. */
export async function evaluateIn(
  walk: Walk,
  template: Template,
  field: string,
  { context = {}, ...extra }: Extra = {},
): Promise<Json> {
  const { frame, outer } = walk;
  try {
    return await evaluateTemplate(
      template,
      {
        states: { input: frame.input, context: { ...contextOf(walk), ...context }, ...extra },
        variables: { ...outer, ...frame.variables },
      },
      field,
    );
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new StateError(
      error.name,
      `An error occurred while executing the state '${frame.state}' (entered at the event id #${frame.enteredEvent}). ${error.cause}`,
      error.location,
    );
  }
}

/** The new values of variables; all are computed from the old ones. */
export async function evaluateAssign(
  walk: Walk,
  assign: Readonly<Record<string, Template>> | undefined,
  field: string,
  extra: Extra = {},
): Promise<Variables> {
  if (assign === undefined) return {};
  return (await evaluateIn(walk, assign, field, extra)) as Variables;
}

/** A field that MUST give a whole number within bounds. */
export async function evaluateInteger(
  walk: Walk,
  template: number | string,
  field: string,
  [least, most]: readonly [number, number],
): Promise<number> {
  const value = await evaluateIn(walk, template, field);
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw new StateError(
    'States.QueryEvaluationError',
    `The field '${field}' of the state '${walk.frame.state}' must give a whole number from ${least} to ${most}, not ${JSON.stringify(value)}.`,
    field,
  );
}
