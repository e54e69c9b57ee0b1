import * as z from 'zod';
import type { HttpApiDescription } from './assembly.ts';
import { AssemblyError } from './resolveIntrinsics.ts';
import { type Resource, readProperties } from './resource.ts';
import { nameOf, referenceTo } from './resourceNames.ts';

const apiProperties = z.object({ Name: z.string(), ProtocolType: z.literal('HTTP') });
const partOfApi = z.object({ ApiId: z.string() });

const routeProperties = partOfApi.extend({
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.enum(['NONE', 'CUSTOM']).default('NONE'),
  AuthorizerId: z.string().optional(),
});

const integrationProperties = partOfApi.extend({
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
});

const authorizerProperties = partOfApi.extend({
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerUri: z.string(),
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: z.literal(true),
  IdentitySource: z.array(z.string()).default([]),
  AuthorizerResultTtlInSeconds: z.number().default(300),
});

const stageProperties = partOfApi.extend({ StageName: z.string(), AutoDeploy: z.literal(true) });

/** One HTTP API (payload format 2.0) out of its routes, integrations, authorizers and its one stage. */
export function describeHttpApi(
  resource: Resource,
  parts: (type: string) => readonly Resource[],
): HttpApiDescription {
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
  const authorizers = Object.fromEntries(
    ofThisApi('Authorizer').map((part) => {
      const authorizer = readProperties(part, authorizerProperties);
      return [
        referenceTo(part.reference) ?? '',
        {
          functionName: functionIn(part, authorizer.AuthorizerUri),
          identitySources: authorizer.IdentitySource,
          cacheSeconds: authorizer.AuthorizerResultTtlInSeconds,
        },
      ];
    }),
  );
  const routes = ofThisApi('Route').map((part) => {
    const route = readProperties(part, routeProperties);
    const functionName = integrations.get(route.Target);
    if (functionName === undefined)
      throw new AssemblyError(part.place, `there is no ${route.Target}`);
    const authorizer = route.AuthorizationType === 'NONE' ? null : (route.AuthorizerId ?? '');
    if (authorizer !== null && !Object.hasOwn(authorizers, authorizer))
      throw new AssemblyError(part.place, `there is no authorizer ${authorizer}`);
    return { routeKey: route.RouteKey, functionName, authorizer };
  });
  const stages = ofThisApi('Stage').map((part) => readProperties(part, stageProperties).StageName);
  const [stage] = stages;
  if (stage === undefined || stages.length > 1)
    throw new AssemblyError(resource.place, `an API has one stage here, not ${stages.length}`);
  return { id, name: properties.Name || nameOf(resource.reference), stage, routes, authorizers };
}

/** The function's name in its ARN, or in the URI API Gateway makes of it. */
export function functionIn(part: Resource, uri: string): string {
  const name = /:function:([^/:]+)/.exec(uri)?.[1];
  if (name === undefined) throw new AssemblyError(part.place, `${uri} names no function`);
  return name;
}
