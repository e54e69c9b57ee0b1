import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { openTable } from '../../shared/aws/clients.ts';
import { readEnv } from '../../shared/env.ts';
import { eventBridgeBus } from '../../shared/events/eventBus.ts';
import { apiGatewaySockets } from '../../shared/events/sockets.ts';
import { createLog } from '../../shared/log.ts';
import { makeHandler } from './handler.ts';

const env = readEnv('eventPublisher', process.env);

export const handler = makeHandler({
  table: openTable(env.TABLE_NAME),
  sockets: apiGatewaySockets(new ApiGatewayManagementApiClient({ endpoint: env.SOCKETS_URL })),
  bus: eventBridgeBus(new EventBridgeClient({}), env.EVENT_SOURCE),
  now: () => new Date(),
  log: createLog(),
});
