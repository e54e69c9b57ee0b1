import { Stack, Validations } from 'aws-cdk-lib';
import { flattenCfnReference } from 'cdk-nag/lib/utils/flatten-cfn-reference.js';
import type { IConstruct } from 'constructs';

/**
 * Accepts one finding of cdk-nag on one construct, with the reason a reviewer reads in the template.
 * Never called on a stack or the application: an acknowledgement covers one decision.
 */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  if (Stack.isStack(construct) || construct.node.scope === undefined)
    throw new Error(`${id}: acknowledge it on a construct, not on all of ${construct.node.id}`);
  Validations.of(construct).acknowledge({ id, reason });
}

/** The finding ids cdk-nag raises for resources of a policy that hold a wildcard. */
export const wildcardFindings = (stack: Stack, resources: readonly string[]): readonly string[] =>
  resources
    .map((resource) => flattenCfnReference(stack.resolve(resource)))
    .filter((resource) => resource.includes('*'))
    .map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`);
