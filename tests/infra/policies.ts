import type { Synthesised } from './synthesise.ts';

export interface Statement {
  readonly actions: readonly string[];
  /** Flattened: `arn:…` with `<LogicalId.Arn>` where a reference stands. */
  readonly resources: readonly string[];
}

/** Everything each role may do, by the role's logical id. */
export function statementsByRole(app: Synthesised): ReadonlyMap<string, readonly Statement[]> {
  const byRole = new Map<string, Statement[]>();
  for (const [, { Properties }] of app.ofType('AWS::IAM::Policy'))
    for (const role of Properties.Roles)
      for (const statement of Properties.PolicyDocument.Statement) {
        const list = byRole.get(role.Ref) ?? [];
        list.push({
          actions: [statement.Action].flat(),
          resources: [statement.Resource].flat().map(flatten),
        });
        byRole.set(role.Ref, list);
      }
  return byRole;
}

/** A reference as text. */
export function flatten(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', null]] = Object.entries(value);
  switch (name) {
    case 'Ref':
      return String(argument).startsWith('AWS::') ? `<${argument}>` : `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::ImportValue':
      return `<${String(argument)}>`;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(flatten).join(separator);
    }
    default:
      return JSON.stringify(value);
  }
}

/** Whether a policy's pattern covers a text; `*` is any run of characters. */
export const covers = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);
