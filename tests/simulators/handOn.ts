import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';

/** Hands a request on to another server, with the headers given here, and its answer back. */
export function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  headers: IncomingHttpHeaders,
): void {
  const url = new URL(request.url ?? '', target);
  const forwarded = send(url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
}
