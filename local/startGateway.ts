import type { RequestListener } from 'node:http';
import type { Log } from '../shared/log.ts';
import { type LocalApiGateway, openApiGateway } from './apigateway/openApiGateway.ts';
import { type LocalWebSocketApi, openWebSocketApi } from './apigateway/openWebSocketApi.ts';
import type { Assembly } from './assembly/assembly.ts';
import { AssemblyError } from './assembly/resolveIntrinsics.ts';
import type { InvokeFunction } from './localService.ts';

/** The one HTTP API of the application, with its routes and authorizers. `fallback` takes what no route matches. */
export function openGateway(
  assembly: Assembly,
  invoke: InvokeFunction,
  log: Log,
  fallback?: RequestListener,
): LocalApiGateway {
  const [api, ...others] = assembly.httpApis;
  if (api === undefined || others.length > 0)
    throw new AssemblyError(
      'the application',
      `has ${assembly.httpApis.length} HTTP APIs, not one`,
    );
  const arnOf = (functionName: string): string => {
    const found = assembly.functions.find(({ name }) => name === functionName);
    if (found === undefined) throw new AssemblyError(api.name, `there is no ${functionName}`);
    return found.arn;
  };
  return openApiGateway({
    apiId: api.id,
    routes: api.routes.map(({ routeKey, functionName, authorizer }) => ({
      routeKey,
      functionArn: arnOf(functionName),
      ...(authorizer === null ? {} : { authorizer }),
    })),
    authorizers: Object.fromEntries(
      Object.entries(api.authorizers).map(([id, authorizer]) => [
        id,
        {
          functionArn: arnOf(authorizer.functionName),
          identitySources: authorizer.identitySources,
          resultTtlSeconds: authorizer.cacheSeconds,
        },
      ]),
    ),
    invoke,
    log,
    ...(fallback === undefined ? {} : { fallback }),
    onAccess: (record) => log.info('request', { ...record }),
  });
}

/** The one WebSocket API of the application. */
export function openWebSocket(
  assembly: Assembly,
  invoke: InvokeFunction,
  log: Log,
): LocalWebSocketApi {
  const [api, ...others] = assembly.webSocketApis;
  if (api === undefined || others.length > 0)
    throw new AssemblyError(
      'the application',
      `has ${assembly.webSocketApis.length} WebSocket APIs, not one`,
    );
  const { id: apiId, stage, routes } = api;
  return openWebSocketApi({ apiId, stage, routes, invoke, log });
}
