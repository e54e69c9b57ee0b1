import * as z from 'zod';
import { AwsError } from '../protocol/awsError.ts';
import type { EventObject, EventValue } from './eventPattern.ts';

/** What a target receives instead of the event; at most one of the three. */
export const targetInput = z.object({
  Input: z.string().max(8192).optional(),
  InputPath: z.string().max(256).optional(),
  InputTransformer: z
    .strictObject({
      InputPathsMap: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,256}$/), z.string()).optional(),
      InputTemplate: z.string().min(1).max(8192),
    })
    .optional(),
});
export type TargetInput = z.infer<typeof targetInput>;

/** Facts of a delivery that templates may name. */
export interface RuleFacts {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ISO 8601, when the bus took the event. */
  readonly ingestionTime: string;
}

/** The JSON (or plain) text that goes to a target. */
export function inputOf(target: TargetInput, event: EventObject, facts: RuleFacts): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(valueAt(event, target.InputPath) ?? {});
  if (target.InputTransformer === undefined) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate } = target.InputTransformer;
  return fill(InputTemplate, (name) => {
    if (Object.hasOwn(InputPathsMap, name))
      return valueAt(event, InputPathsMap[name] ?? '') ?? null;
    return predefined(name, event, facts);
  });
}

function predefined(name: string, event: EventObject, facts: RuleFacts): EventValue | undefined {
  switch (name) {
    case 'aws.events.rule-arn':
      return facts.ruleArn;
    case 'aws.events.rule-name':
      return facts.ruleName;
    case 'aws.events.event.ingestion-time':
      return facts.ingestionTime;
    case 'aws.events.event.json':
      return event;
    case 'aws.events.event': {
      const { detail: _detail, ...rest } = event;
      return rest;
    }
    default:
      return undefined;
  }
}

/**
 * Replaces `<name>`: outside quotes by the value's JSON, inside quotes by its text, escaped. A path that finds
 * nothing gives null, or nothing inside quotes. A name nobody defined stays as it is.
 */
function fill(template: string, valueOf_: (name: string) => EventValue | undefined): string {
  let filled = '';
  let inQuotes = false;
  const isJson = /^\s*[{[]/.test(template);
  for (let index = 0; index < template.length; ) {
    const rest = template.slice(index);
    const name = /^<([A-Za-z0-9_.-]+)>/.exec(rest)?.[1];
    const value = name === undefined ? undefined : valueOf_(name);
    if (name !== undefined && value !== undefined) {
      const asText =
        typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
      if (inQuotes) filled += JSON.stringify(asText).slice(1, -1);
      // A template that is one text of its own takes texts without quotes.
      else filled += isJson ? JSON.stringify(value) : asText;
      index += name.length + 2;
      continue;
    }
    const piece = rest.startsWith('\\') ? rest.slice(0, 2) : (rest[0] ?? '');
    if (piece === '"') inQuotes = !inQuotes;
    filled += piece;
    index += piece.length;
  }
  return filled;
}

/** Dots and array positions from `$` on. Throws when it is another kind of JSONPath. */
export function checkPath(path: string): void {
  if (!/^\$(\.[\w\-/]+|\[\d+\])*$/.test(path))
    throw new AwsError('ValidationException', `JsonPath ${path} is not supported here.`);
}

function valueAt(event: EventObject, path: string): EventValue | undefined {
  let value: EventValue | undefined = event;
  for (const [, name, position] of path.slice(1).matchAll(/\.([\w\-/]+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) value = position === undefined ? undefined : value[Number(position)];
    else {
      const members = value as EventObject;
      value = name !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
    }
  }
  return value;
}
