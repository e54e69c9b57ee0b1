import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface EchoingPostgres extends AsyncDisposable {
  readonly port: number;
  /** Passwords it was given. */
  readonly heard: readonly string[];
}

/** A server of PostgreSQL's protocol that asks for the password in the clear, and tells it again in its refusal. */
export async function startEchoingPostgres(): Promise<EchoingPostgres> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type, 'latin1');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    // AuthenticationCleartextPassword, to whatever it is started with.
    socket.once('data', () => {
      socket.write(message('R', Buffer.from([0, 0, 0, 3])));
      socket.once('data', (given) => {
        const password = given.toString('utf8', 5, given.length - 1);
        heard.push(password);
        const text = `password "${password}" of the user is wrong`;
        socket.end(
          message('E', Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${text}\0D${text}\0H${text}\0\0`)),
        );
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
