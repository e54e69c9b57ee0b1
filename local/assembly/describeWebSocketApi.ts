import * as z from 'zod';
import type { WebSocketApiDescription } from './assembly.ts';
import { functionIn } from './describeHttpApi.ts';
import { AssemblyError } from './resolveIntrinsics.ts';
import { type Resource, readProperties } from './resource.ts';
import { nameOf, referenceTo } from './resourceNames.ts';

const apiProperties = z.object({
  Name: z.string(),
  ProtocolType: z.literal('WEBSOCKET'),
  RouteSelectionExpression: z.literal('$request.body.action'),
});
const partOfApi = z.object({ ApiId: z.string() });
const routeProperties = partOfApi.extend({
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.literal('NONE').default('NONE'),
});
const integrationProperties = partOfApi.extend({
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
});
const stageProperties = partOfApi.extend({ StageName: z.string(), AutoDeploy: z.literal(true) });

export const isWebSocketApi = (resource: Resource): boolean =>
  readProperties(resource, z.object({ ProtocolType: z.string() })).ProtocolType === 'WEBSOCKET';

/** One WebSocket API out of its routes, integrations and its one stage. */
export function describeWebSocketApi(
  resource: Resource,
  parts: (type: string) => readonly Resource[],
): WebSocketApiDescription {
  const properties = readProperties(resource, apiProperties);
  const id = referenceTo(resource.reference) ?? '';
  const ofThisApi = (type: string): readonly Resource[] =>
    parts(`AWS::ApiGatewayV2::${type}`).filter(
      (part) => readProperties(part, partOfApi).ApiId === id,
    );
  const integrations = new Map(
    ofThisApi('Integration').map((part) => [
      `integrations/${referenceTo(part.reference)}`,
      functionIn(part, readProperties(part, integrationProperties).IntegrationUri),
    ]),
  );
  const routes = ofThisApi('Route').map((part): [string, string] => {
    const { RouteKey, Target } = readProperties(part, routeProperties);
    const functionName = integrations.get(Target);
    if (functionName === undefined) throw new AssemblyError(part.place, `there is no ${Target}`);
    return [RouteKey, functionName];
  });
  const [stage, ...others] = ofThisApi('Stage').map(
    (part) => readProperties(part, stageProperties).StageName,
  );
  if (stage === undefined || others.length > 0)
    throw new AssemblyError(resource.place, 'an API has one stage here');
  return {
    id,
    name: properties.Name || nameOf(resource.reference),
    stage,
    routes: Object.fromEntries(routes),
  };
}
