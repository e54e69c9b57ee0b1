import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type AnyRoute, routes } from '../../../shared/api/routes.ts';
import type { ApiHarness } from './apiHarness.ts';

const matchers = routes.map((route) => {
  const names: string[] = [];
  const pattern = route.path.replaceAll(/\{(\w+)(\+?)\}/g, (_, name: string, rest: string) => {
    names.push(name);
    return rest === '' ? '([^/]+)' : '(.+)';
  });
  return { route, names, pattern: new RegExp(`^${pattern}$`) };
});

function find(
  request: IncomingMessage,
  path: string,
): { readonly route: AnyRoute; readonly params: Record<string, string> } | null {
  for (const { route, names, pattern } of matchers) {
    const match = route.method === request.method ? pattern.exec(path) : null;
    if (match === null) continue;
    const values = match.slice(1).map(decodeURIComponent);
    return {
      route,
      params: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
    };
  }
  return null;
}

/** The harness over HTTP, as API Gateway would serve it. */
export async function serveApi(api: ApiHarness): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const found = find(request, url.pathname);
      if (found === null) {
        response.writeHead(404, { 'content-type': 'application/json' });
        response.end('{"message":"Not Found"}');
        return;
      }
      const { authorization = '', ...headers } = request.headers;
      const body = await text(request);
      const result = await api.invoke(found.route, {
        params: found.params,
        query: Object.fromEntries(url.searchParams),
        headers: headers as Record<string, string>,
        token: authorization.replace(/^Bearer /, ''),
        ...(body === '' ? {} : { body }),
      });
      response.writeHead(result.statusCode, result.headers);
      response.end(result.body);
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
