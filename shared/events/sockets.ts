import {
  type ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { ServerMessage } from '../events.ts';

/** The open WebSocket connections, wherever they are held. */
export interface Sockets {
  /** False when the connection is gone. Throws when it could not be said; the client finds the gap later. */
  send(connectionId: string, message: ServerMessage): Promise<boolean>;
  close(connectionId: string): Promise<void>;
}

export const apiGatewaySockets = (client: ApiGatewayManagementApiClient): Sockets => {
  const unlessGone = async (call: Promise<unknown>): Promise<boolean> => {
    try {
      await call;
      return true;
    } catch (error) {
      if (error instanceof GoneException) return false;
      throw error;
    }
  };
  return {
    send: (ConnectionId, message) =>
      unlessGone(
        client.send(new PostToConnectionCommand({ ConnectionId, Data: JSON.stringify(message) })),
      ),
    close: async (ConnectionId) => {
      await unlessGone(client.send(new DeleteConnectionCommand({ ConnectionId })));
    },
  };
};
