import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect } from 'vitest';
import { makeHandler as makeCatalog } from '../../../functions/apiCatalog/handler.ts';
import { makeHandler as makeEvents } from '../../../functions/apiEvents/handler.ts';
import { makeHandler as makeFiles } from '../../../functions/apiFiles/handler.ts';
import { makeHandler as makeRuns } from '../../../functions/apiRuns/handler.ts';
import { makeHandler as makeSources } from '../../../functions/apiSources/handler.ts';
import { makeHandler as makeTables } from '../../../functions/apiTables/handler.ts';
import { makeHandler as makeTokens } from '../../../functions/apiTokens/handler.ts';
import { makeHandler as makeAuthorizer } from '../../../functions/authorizer/handler.ts';
import { openS3 } from '../../../local/s3/openS3.ts';
import { openScheduler } from '../../../local/scheduler/openScheduler.ts';
import { openSecrets } from '../../../local/secrets/openSecrets.ts';
import type { ApiResult } from '../../../shared/api/apiEvent.ts';
import { type ApiFunction, type Route, routeKey, tailOf } from '../../../shared/api/route.ts';
import { type OperationId, routes } from '../../../shared/api/routes.ts';
import { problem } from '../../../shared/api/schemas/problem.ts';
import type { Role } from '../../../shared/api/schemas/token.ts';
import type { Connector } from '../../../shared/connectors/connector.ts';
import { errorTable } from '../../../shared/errors.ts';
import { createFetch } from '../../../shared/http/createFetch.ts';
import type { PreviewAnswer, PreviewInput } from '../../../shared/lake/previewProtocol.ts';
import { createLog } from '../../../shared/log.ts';
import { signedIn } from '../../../shared/people/signedIn.ts';
import { eventBridgeSchedules } from '../../../shared/schedules/schedules.ts';
import { secretsManagerStore } from '../../../shared/secrets/secretStore.ts';
import type { ProbeSubject } from '../../../shared/sources/probe.ts';
import type { CheckAnswer, DiscoverAnswer } from '../../../shared/sources/probeAnswer.ts';
import { createToken, seedAdminToken } from '../../../shared/tokens/tokens.ts';
import { s3LandingBucket } from '../../../shared/uploads/landingBucket.ts';
import type { Delivery } from '../../../shared/webhooks/deliveries.ts';
import { webhookSecrets } from '../../../shared/webhooks/webhookSecrets.ts';
import { headgateTable } from '../../headgateTable.ts';
import { hostServices, localClientConfig } from '../../local/hostServices.ts';
import { recordedExecutions } from '../../recordedExecutions.ts';
import { exampleConnectors } from './exampleConnectors.ts';

export interface Call {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  /** The bearer token; null sends none. Left out: an admin's. */
  readonly token?: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // Tests read what they expect; the schemas were checked by the harness.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

export type ApiHarness = Awaited<ReturnType<typeof apiHarness>>;

const secretPrefix = 'headgate/test/';

/**
 * All API functions behind the authorizer, on the embedded DynamoDB, S3, Secrets Manager and Scheduler. Connectors'
 * functions and the preview answer what a test sets. Every answer is checked against the route table.
 */
export async function apiHarness(connectors: readonly Connector[] = exampleConnectors) {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-api-'));
  const home = await headgateTable();
  const s3 = openS3({ folder: join(folder, 's3') });
  s3.createBucket('landing', { versioned: true });
  const scheduler = openScheduler({
    folder: join(folder, 'scheduler'),
    deliver: async () => undefined,
    sendToQueue: async () => undefined,
  });
  scheduler.createGroup('headgate');
  const host = await hostServices(openSecrets({ folder: join(folder, 'secrets') }), scheduler, s3);
  const config = { ...localClientConfig, endpoint: host.endpoint };
  const secretsClient = new SecretsManagerClient(config);
  const schedulerClient = new SchedulerClient(config);
  const s3Client = new S3Client({
    ...config,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const executions = recordedExecutions();
  const clock = { at: new Date() };
  const now = (): Date => clock.at;
  const lines: string[] = [];
  const log = createLog((line) => void lines.push(line));
  const { table } = home;
  const probes: { op: string; subject: ProbeSubject }[] = [];
  const answers: { check: CheckAnswer; discover: DiscoverAnswer; preview: PreviewAnswer } = {
    check: { ok: true, message: 'Connected.' },
    discover: { ok: true, streams: [] },
    preview: { kind: 'problem', code: 'not_found', message: 'nothing set' },
  };
  const previews: PreviewInput[] = [];
  const deliveries: Delivery[] = [];
  /** Failures of functions by name. */
  const failing: Record<string, number> = {};
  const people = signedIn({ providers: [], fetch, now });
  const shared = { table, connectors, now, log };
  const handlers: Readonly<
    Record<ApiFunction, (event: unknown, context: never) => Promise<ApiResult>>
  > = {
    apiCatalog: makeCatalog({
      ...shared,
      functionPrefix: 'headgate-test-',
      countFunctions: async (names) =>
        names.map((name) => ({ name, invocations: 2, failures: failing[name] ?? 0 })),
    }),
    apiSources: makeSources({
      ...shared,
      // A vendor on this machine.
      fetch: createFetch({ allow: ['127.0.0.1'] }),
      secretPrefix,
      secrets: secretsManagerStore(secretsClient, secretPrefix),
      schedules: eventBridgeSchedules(schedulerClient, {
        group: 'headgate',
        roleArn: 'arn:aws:iam::000000000000:role/schedule',
        targetArn: 'arn:aws:lambda:us-east-1:000000000000:function:scheduleTrigger',
        dlqArn: 'arn:aws:sqs:us-east-1:000000000000:schedule-dlq',
      }),
      probe: {
        check: async (subject) => {
          probes.push({ op: 'check', subject });
          return answers.check;
        },
        discover: async (subject) => {
          probes.push({ op: 'discover', subject });
          return answers.discover;
        },
      },
    }),
    apiRuns: makeRuns({ readRunLog: async () => [], ...shared, executions }),
    apiFiles: makeFiles({
      ...shared,
      executions,
      bucket: s3LandingBucket(s3Client, 'landing'),
      maxUploadBytes: 1_000_000,
    }),
    apiTables: makeTables({
      table,
      log,
      preview: async (input) => {
        previews.push(input);
        return answers.preview;
      },
    }),
    apiTokens: makeTokens({ ...shared, people, providers: [], fetch }),
    apiEvents: makeEvents({
      ...shared,
      liveUrl: 'wss://live.test/live',
      secrets: webhookSecrets(secretsClient, 'headgate-notify/test/'),
      deliveries: {
        send: async (sent) => {
          deliveries.push(...sent);
        },
      },
    }),
  };
  const adminToken = 'hg_bootstrap-token-for-tests';
  await seedAdminToken(table, adminToken, now());
  const authorizer = makeAuthorizer({ table, bootstrapToken: async () => null, people, now, log });

  const invoke = async (route: Route, call: Call): Promise<ApiResult> => {
    const token = call.token === undefined ? adminToken : call.token;
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    const context =
      route.public === true
        ? {}
        : { authorizer: { lambda: (await authorizer({ headers: authorization })).context } };
    const body =
      call.body === undefined || typeof call.body === 'string'
        ? call.body
        : JSON.stringify(call.body);
    const event = {
      version: '2.0',
      routeKey: routeKey(route),
      rawQueryString: new URLSearchParams(call.query).toString(),
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...authorization,
        ...call.headers,
      },
      ...(call.params === undefined ? {} : { pathParameters: withTail(route, call.params) }),
      ...(body === undefined ? {} : { body }),
      isBase64Encoded: false,
      requestContext: { requestId: `request-${Math.random()}`, ...context },
    };
    const remaining = { getRemainingTimeInMillis: () => 29_000 };
    return handlers[route.function](event, remaining as never);
  };

  return {
    home,
    table,
    executions,
    clock,
    lines,
    probes,
    previews,
    failing,
    deliveries,
    answers,
    adminToken,
    secretPrefix,
    secretsClient,
    schedulerClient,
    s3Client,
    s3Endpoint: host.endpoint,
    handlers,
    invoke,
    routeOf,
    /** Calls an operation and checks that its answer is one the route table promises. */
    async call(operationId: OperationId, call: Call = {}): Promise<Answer> {
      const route = routeOf(operationId);
      const result = await invoke(route, call);
      checkAnswer(route, result);
      return {
        status: result.statusCode,
        headers: result.headers,
        body: result.body === '' ? null : JSON.parse(result.body),
      };
    },
    async tokenOf(
      role: Role,
      { tenant = 'default', sources = null as readonly string[] | null } = {},
    ): Promise<string> {
      const made = await createToken(
        table,
        { tenant, name: role, role, sources, validUntil: null, createdBy: 'tests' },
        'request',
        now(),
      );
      return made.text;
    },
    async [Symbol.asyncDispose]() {
      for (const client of [secretsClient, schedulerClient, s3Client]) client.destroy();
      await host.close();
      await home[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function routeOf(operationId: OperationId): Route {
  const route = routes.find((each) => each.operationId === operationId);
  if (route === undefined) throw new Error(`no route ${operationId}`);
  return route;
}

/** As API Gateway hands a greedy parameter over: with the rest of the path. */
const withTail = (
  route: Route,
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  tailOf(route) === '' ? params : { ...params, name: `${params['name']}${tailOf(route)}` };

function checkAnswer(route: Route, { statusCode, headers, body }: ApiResult): void {
  if (statusCode < 400) {
    expect(Object.keys(route.responses).map(Number)).toContain(statusCode);
    const schema = route.responses[statusCode];
    if (schema === null) expect(body).toBe('');
    else expect(schema?.safeParse(JSON.parse(body)).error).toBeUndefined();
    return;
  }
  expect(headers['content-type']).toBe('application/problem+json');
  const parsed = problem.parse(JSON.parse(body));
  expect(parsed.status).toBe(statusCode);
  const promised = new Set<string>([
    ...route.errors,
    'validation_failed',
    'unauthorized',
    'forbidden',
    'service_unavailable',
    'payload_too_large',
    'unsupported_media_type',
    'internal_error',
  ]);
  expect([...promised]).toContain(parsed.code);
  expect(errorTable[parsed.code].status).toBe(statusCode);
}
