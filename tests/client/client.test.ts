import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../client/createClient.ts';
import { everyItem } from '../../client/everyItem.ts';
import { operations } from '../../client/generated.ts';
import { NoAnswerError, ProblemError } from '../../client/problemError.ts';
import { outdatedFiles } from '../../scripts/generateClient.ts';
import { openApiDocument } from '../../shared/api/openApi.ts';
import { routes } from '../../shared/api/routes.ts';
import { type ApiHarness, apiHarness } from '../functions/api/apiHarness.ts';
import { serveApi } from '../functions/api/serveApi.ts';

let api: ApiHarness;
let server: Awaited<ReturnType<typeof serveApi>>;
beforeAll(async () => {
  api = await apiHarness();
  server = await serveApi(api);
});
afterAll(async () => {
  server.close();
  await api[Symbol.asyncDispose]();
});
const client = (token = api.adminToken) => createClient({ baseUrl: server.url, token });

describe('what is generated', () => {
  it('is what `npm run generate` makes now', () => {
    expect(outdatedFiles()).toEqual([]);
  });

  it('has a method for every operation', () => {
    expect(Object.keys(operations).sort()).toEqual(routes.map((route) => route.operationId).sort());
  });

  it('is an OpenAPI 3.1 document in which every reference leads somewhere', () => {
    const document = openApiDocument(routes);
    expect(document['openapi']).toBe('3.1.0');
    const text = JSON.stringify(document);
    const components = (document['components'] as { schemas: object }).schemas;
    const references = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect(references.length).toBeGreaterThan(100);
    for (const name of references) expect(Object.keys(components)).toContain(name);
    expect(text).not.toContain('$defs');
  });

  it('is served by the API itself, without a token', async () => {
    const answer = await fetch(`${server.url}/v1/openapi.json`);
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument(routes))));
  });

  it('describes every parameter in a path, and only those', () => {
    for (const route of routes) {
      const inPath = [...route.path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1]).sort();
      const described = Object.keys('params' in route ? route.params.shape : {}).sort();
      expect([route.operationId, described]).toEqual([route.operationId, inPath]);
    }
  });
});

describe('calling', () => {
  it('creates, reads, changes and deletes over HTTP', async () => {
    const { createSource, getSource, changeSource, deleteSource } = client();
    const made = await createSource({ body: { key: 'over-http', name: 'Over HTTP' } });
    expect(await getSource({ idOrKey: 'over-http' })).toEqual(made);
    const changed = await changeSource({ idOrKey: made.id, body: { description: 'Said' } });
    expect(changed).toMatchObject({ description: 'Said', rowVersion: 2 });
    expect(await deleteSource({ idOrKey: made.id, query: { data: true } })).toBeNull();
    await expect(getSource({ idOrKey: made.id })).rejects.toMatchObject({
      name: 'ProblemError',
      status: 404,
      code: 'not_found',
    });
  });

  it('escapes what is put into a path', async () => {
    const problem = await client()
      .getSource({ idOrKey: 'a/b?c#d %' })
      .catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ProblemError);
    expect((problem as ProblemError).problem.detail).toContain('a/b?c#d %');
    await expect(client().getSource({ idOrKey: '..' })).rejects.toThrow(TypeError);
  });

  it('walks through all pages of a list', async () => {
    for (let index = 0; index < 5; index++)
      await client().createSource({ body: { key: `walk-${index}`, name: 'Walk', tags: ['walk'] } });
    const keys: string[] = [];
    for await (const { key } of everyItem((cursor) =>
      client().listSources({ query: { limit: 2, cursor, tag: 'walk' } }),
    ))
      keys.push(key);
    expect(keys).toHaveLength(5);
  });

  it('says who refused when no problem document came', async () => {
    const elsewhere = createClient({ baseUrl: `${server.url}/nowhere`, token: 'hg_x' });
    await expect(elsewhere.getMe()).rejects.toMatchObject({
      status: 404,
      code: 'not_found',
      message: 'Not Found',
    });
  });

  it('says that nobody answered', async () => {
    const nobody = createClient({ baseUrl: 'http://127.0.0.1:9', token: 'hg_x' });
    await expect(nobody.getMe()).rejects.toBeInstanceOf(NoAnswerError);
  });

  it('asks again when the API is busy, but only what changes nothing', async () => {
    const statuses = [503, 429, 200];
    let calls = 0;
    const busy = createClient({
      baseUrl: 'http://example.test',
      token: 'hg_x',
      fetch: async (_url, init) => {
        const status = init?.method === 'GET' ? (statuses[calls] ?? 200) : 503;
        calls += 1;
        return Response.json(
          status === 200
            ? { tenant: 't' }
            : {
                status,
                code: 'service_unavailable',
                title: 'Busy',
                type: 'x',
                retryAfterSeconds: 0,
              },
          { status },
        );
      },
    });
    expect(await busy.getMe()).toEqual({ tenant: 't' });
    expect(calls).toBe(3);
    calls = 0;
    await expect(busy.createSource({ body: { key: 'a', name: 'a' } })).rejects.toMatchObject({
      status: 503,
    });
    expect(calls).toBe(1);
  });
});
