import { join } from 'node:path';
import { createLog } from '../shared/log.ts';
import type { Assembly } from './assembly/assembly.ts';
import { readAssembly } from './assembly/readAssembly.ts';
import type { RecordedWrite } from './dynamodb/openDynamoDb.ts';
import { startConsole } from './startConsole.ts';
import { startDeliveries } from './startDeliveries.ts';
import { startDropFolder } from './startDropFolder.ts';
import { dispatchTo, type Endpoint, listen } from './startEndpoint.ts';
import { openGateway, openWebSocket } from './startGateway.ts';
import { openHome } from './startHome.ts';
import { openLogFile } from './startLogFile.ts';
import { createRemoteResources, createResources } from './startResources.ts';
import { openServices } from './startServices.ts';
import { synthesise } from './startSynthesis.ts';

export interface StartOptions {
  /** Everything is kept here; made when it is not there. */
  readonly home: string;
  /** Of the API; 0 is any free one. */
  readonly port: number;
  /** Of the AWS endpoint. @default any free one */
  readonly awsPort?: number;
  /** Bootstrap admin token; left out: generated once and kept in the home. */
  readonly token?: string;
  /** Prints neither the ready line nor the token. */
  readonly quiet?: boolean;
  /** Ends with SIGINT and SIGTERM, within 5 s. */
  readonly handleSignals?: boolean;
  /** Gives up a start that is under way, and closes what was started. */
  readonly signal?: AbortSignal;
  /** For every function, beside what the template gives it; e.g. a simulator in a vendor's place. */
  readonly functionEnvironment?: Readonly<Record<string, string>>;
  /** Variables that functions are given in place of the template's, where they have them: for tests. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Writes of items with such a sort key are recorded, for checkers. */
  readonly recordWritesOf?: (sortKey: string) => boolean;
}

export interface Headgate {
  /** Of the API: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** For every AWS SDK client, with the credentials `headgate` / `headgate` and the region `us-east-1`. */
  readonly awsEndpoint: string;
  readonly token: string;
  /** Names of tables, buckets, functions … */
  readonly assembly: Assembly;
  /** What `recordWritesOf` asked for, oldest first. */
  writesOf(sortKey?: string): Iterable<RecordedWrite>;
  /** Resolves when it has been closed, by `close` or by a signal. */
  readonly stopped: Promise<void>;
  /** Stops everything within 5 s; whatever was running goes on with the next start on the same home. */
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '..');

/**
 * Boots the synthesised application on 127.0.0.1: the template that would be deployed, on embedded services that
 * keep their state in `home`. Resolves when requests are answered.
 * Throws an error for a person when the home is in use or a port is taken.
 */
export async function startHeadgate(options: StartOptions): Promise<Headgate> {
  const { quiet = false, signal: givenSignal } = options;
  const closing = new AbortController();
  const signal = givenSignal ? AbortSignal.any([closing.signal, givenSignal]) : closing.signal;
  signal.throwIfAborted();
  await using started = new AsyncDisposableStack();

  const home = openHome(options.home, options.token);
  started.defer(() => home.release());
  const logFile = openLogFile(join(home.folder, 'headgate.log'));
  started.defer(() => logFile.close());
  const log = createLog(logFile.write);
  log.redact([home.token]);

  const synthesised = synthesise(root, signal);
  // Heard below; a service that fails to open must not leave this one unheard.
  synthesised.catch(() => undefined);
  let aws: Endpoint | undefined;
  let api: Endpoint | undefined;
  const services = openServices({
    home: home.folder,
    log,
    endpointUrl: () => aws?.url ?? '',
    apiUrl: () => api?.url ?? '',
    ...(options.recordWritesOf === undefined ? {} : { recordWritesOf: options.recordWritesOf }),
  });
  started.defer(() => services.close());

  const assembly = withEnvironment(readAssembly(await synthesised), options.environment ?? {});
  createResources(services, assembly, options.functionEnvironment);
  const webSocket = openWebSocket(assembly, services.lambda.invoke, log);
  aws = await listen(
    dispatchTo([webSocket.connections, ...services.all]),
    options.awsPort ?? 0,
    'HEADGATE_AWS_PORT',
  );
  started.defer(() => aws?.close());
  await createRemoteResources(
    aws.url,
    assembly,
    outputOf(assembly, 'AdminTokenSecret'),
    home.token,
    signal,
  );
  startDeliveries(services, assembly);

  const console = startConsole({ root, uploadOrigins: [aws.url], signal: closing.signal });
  const gateway = openGateway(assembly, services.lambda.invoke, log, console.listener);
  const listening = await listen(
    gateway.listener,
    options.port,
    'HEADGATE_PORT',
    webSocket.upgrade,
  );
  api = listening;
  started.defer(async () => {
    gateway.close();
    await webSocket.connections.close();
    await listening.close();
  });
  services.stepFunctions.resume();
  services.events.resume();
  services.scheduler.resume();
  const dropFolder = startDropFolder({
    folder: join(home.folder, 'drop'),
    api: listening.url,
    awsEndpoint: aws.url,
    token: home.token,
    landingBucket: outputOf(assembly, 'LandingBucket'),
    log,
    signal: closing.signal,
  });
  started.defer(async () => {
    closing.abort();
    await dropFolder;
  });
  home.announce(listening.url);
  signal.throwIfAborted();

  const running = started.move();
  const { promise: stopped, resolve: setStopped } = Promise.withResolvers<void>();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      closing.abort(new Error('Headgate is closing'));
      try {
        await running.disposeAsync();
      } finally {
        setStopped();
      }
    })();
    return closed;
  };
  if (options.handleSignals === true) closeOnSignals(close);
  if (!quiet) {
    if (options.token === undefined)
      process.stderr.write(`Admin token (kept in ${join(home.folder, 'token')}): ${home.token}\n`);
    // The token is in the fragment, which browsers never send.
    const signIn = options.token === undefined ? `/#token=${home.token}` : '/';
    process.stderr.write(`Console: ${listening.url}${signIn}\n`);
    process.stdout.write(`Headgate ready: ${listening.url} (AWS endpoint ${aws.url})\n`);
    console.prepare();
  }
  return {
    url: listening.url,
    awsEndpoint: aws.url,
    token: home.token,
    assembly,
    writesOf: (sortKey) => services.dynamoDb.writesOf(sortKey),
    stopped,
    close,
  };
}

const withEnvironment = (
  assembly: Assembly,
  given: Readonly<Record<string, string>>,
): Assembly => ({
  ...assembly,
  functions: assembly.functions.map((function_) => ({
    ...function_,
    environment: Object.fromEntries(
      Object.entries(function_.environment).map(([name, value]) => [name, given[name] ?? value]),
    ),
  })),
});

/** An output of the template, whatever its stack. */
function outputOf({ outputs }: Assembly, name: string): string {
  const found = Object.entries(outputs).find(([id]) => id.endsWith(`.${name}`));
  if (found === undefined) throw new Error(`the application has no output ${name}`);
  return found[1];
}

/** What hangs is left behind: nothing that was acknowledged is lost by ending now. */
const patienceMilliseconds = 4_500;

function closeOnSignals(close: () => Promise<void>): void {
  let asked = false;
  const end = (signal: NodeJS.Signals): void => {
    // The second ctrl-c of someone in a hurry.
    if (asked) process.exit(130);
    asked = true;
    setTimeout(() => process.exit(signal === 'SIGINT' ? 130 : 143), patienceMilliseconds).unref();
    void close().catch((error: unknown) => {
      process.stderr.write(`Headgate did not close cleanly: ${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
}
