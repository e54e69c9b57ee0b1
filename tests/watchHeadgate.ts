import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { vi } from 'vitest';
import { openEvents } from '../client/openEvents.ts';
import { type Api, apiOf } from './api.ts';
import { canaryFinder } from './canaryFinder.ts';
import { startHttpServer } from './httpServer.ts';
import { localClientConfig } from './local/hostServices.ts';
import type { RunningHeadgate } from './startHeadgate.ts';
import { type StoredText, storedTexts } from './storedTexts.ts';

/** Hears all that a Headgate tells from now on. Dispose of it before Headgate is closed. */
export interface Watch extends AsyncDisposable {
  /** The API; what it answers and refuses is heard. */
  readonly api: Api;
  /**
   * Looks for secrets, in any spelling, in all that was heard, in the output of this process, and in all that Headgate
   * keeps outside of Secrets Manager: tables, logs, histories, events, queues, objects. The admin token and secrets of
   * its own are looked for, too. Answers `canary in place`, nothing where there is none; throws unless the id of a run that
   * failed is found in each kind of place, because a search that sees nothing finds nothing.
   */
  findLeaks(canaries: Iterable<string>, failedRun: string): Promise<readonly string[]>;
}

/** Alerts name the source. */
const alerts = 'aws/sns/';

/** Each kind of place, and how its name begins. */
const kinds: Readonly<Record<string, string>> = {
  'answers of the API': 'answer',
  'frames of the WebSocket': 'frame',
  'posts of webhooks': 'webhook',
  'the published messages of alerts': alerts,
  'the items of the table': 'aws/dynamodb/',
  'events of the bus, in a queue': 'aws/sqs/',
  'histories of the state machine': 'aws/stepfunctions/',
  'logs of functions': 'aws/lambda/',
  'objects of the lake': 'aws/s3/',
};

export async function watchHeadgate(headgate: RunningHeadgate): Promise<Watch> {
  await using started = new AsyncDisposableStack();
  const heard: StoredText[] = [];
  const hear = (place: string, told: string | Uint8Array): void => {
    heard.push({ place, bytes: typeof told === 'string' ? Buffer.from(told) : told });
  };

  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    const { write } = stream;
    stream.write = ((...parts: Parameters<typeof write>) => {
      hear(name, parts[0]);
      return Reflect.apply(write, stream, parts) as boolean;
    }) as typeof write;
    started.defer(() => {
      stream.write = write;
    });
  }

  const plain = apiOf(headgate.url, headgate.token);
  const own: string[] = [headgate.token];
  const { origin } = started.use(
    await startHttpServer(async (request, response) => {
      hear('webhook', `${JSON.stringify(request.headers)}\n${await text(request)}`);
      response.end();
    }),
  );
  for (const topic of ['events', 'alerts']) {
    // Whoever knows the path may post there.
    const path = `hook-canary-${topic}-2b9e`;
    const { signingSecret } = await plain.call<{ signingSecret: string }>('POST', '/v1/webhooks', {
      name: `watch ${topic}`,
      url: `${origin}/${path}`,
      topic,
    });
    own.push(path, signingSecret);
  }

  class HeardSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      this.addEventListener('message', ({ data }) => hear('frame', String(data)));
    }
  }
  const isLive = Promise.withResolvers<void>();
  const live = openEvents({
    baseUrl: headgate.url,
    token: headgate.token,
    WebSocket: HeardSocket,
    onEvent: () => undefined,
    onStatus: (status) => {
      if (status === 'live') isLive.resolve();
      else if (status === 'refused') isLive.reject(new Error('the WebSocket refused the token'));
    },
  });
  started.defer(() => live.close());
  await isLive.promise;

  const client = { ...localClientConfig, endpoint: headgate.awsEndpoint };
  const [sqs, bus] = [new SQSClient(client), new EventBridgeClient(client)];
  started.defer(() => {
    sqs.destroy();
    bus.destroy();
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'watched-events' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  await bus.send(
    new PutRuleCommand({
      Name: 'watched-events',
      EventPattern: '{"source":[{"prefix":"headgate"}]}',
    }),
  );
  await bus.send(
    new PutTargetsCommand({
      Rule: 'watched-events',
      Targets: [{ Id: 'queue', Arn: Attributes?.['QueueArn'] }],
    }),
  );

  const call: Api['call'] = async <Answer>(method: string, path: string, body?: unknown) => {
    try {
      const answer = await plain.call<Answer>(method, path, body);
      hear('answer', `${method} ${path} ${JSON.stringify(answer)}`);
      return answer;
    } catch (error) {
      hear('answer', inspect(error, { depth: 8 }));
      throw error;
    }
  };
  const finished: Api['finished'] = async (runId) => {
    const run = await plain.finished(runId);
    await call('GET', `/v1/runs/${runId}`);
    await call('GET', `/v1/runs/${runId}/log`);
    return run;
  };

  async function* everything(): AsyncGenerator<StoredText> {
    yield* heard;
    yield* storedTexts(headgate.home);
  }
  const running = started.move();
  return {
    api: {
      ...plain,
      call,
      finished,
      runToEnd: async (key, request = {}) => {
        const { runId } = await call<{ runId: string }>('POST', `/v1/sources/${key}/runs`, request);
        return finished(runId);
      },
    },
    async findLeaks(canaries, failedRun) {
      const isRun = canaryFinder([failedRun]);
      const isAlert = canaryFinder(['is failing']);
      // What is told of the run's end comes a moment later.
      await vi.waitFor(
        async () => {
          const missing = new Map(Object.entries(kinds));
          for await (const { place, bytes } of everything())
            for (const [kind, start] of missing)
              if (place.startsWith(start) && (start === alerts ? isAlert : isRun)(bytes).length > 0)
                missing.delete(kind);
          if (missing.size > 0)
            throw new Error(`run ${failedRun} is not found in ${[...missing.keys()].join(', ')}`);
        },
        { timeout: 20_000, interval: 500 },
      );
      const find = canaryFinder([...canaries, ...own]);
      const leaks = new Set<string>();
      for await (const { place, bytes } of everything())
        for (const canary of find(bytes)) leaks.add(`${canary} in ${place}`);
      return [...leaks];
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
