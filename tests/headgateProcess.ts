import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface HeadgateProcess extends AsyncDisposable {
  readonly url: string;
  readonly awsEndpoint: string;
  readonly process: ChildProcess;
  /** `kill -9`, as a power cut would. */
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL('../scripts/start.ts', import.meta.url));
const ready = /^Headgate ready: (\S+) \(AWS endpoint (\S+)\)$/;

/** `npm start` as a process of its own, on free ports. Rejects with what it said when it does not get ready. */
export async function startHeadgateProcess(home: string, token: string): Promise<HeadgateProcess> {
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, HEADGATE_HOME: home, HEADGATE_PORT: '0', HEADGATE_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const exited = once(child, 'exit').then(() => {});
  const place = Promise.withResolvers<RegExpExecArray>();
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      if (said.length > 200) said.shift();
      const match = ready.exec(line);
      if (match !== null) place.resolve(match);
    });
  exited.then(
    () => place.reject(new Error(`headgate ended before it was ready:\n${said.join('\n')}`)),
    place.reject,
  );
  const [, url = '', awsEndpoint = ''] = await place.promise;
  return {
    url,
    awsEndpoint,
    process: child,
    async kill() {
      child.kill('SIGKILL');
      await exited;
      // Functions that were at work hold the other ends for as long as they outlive Headgate.
      child.stdout.destroy();
      child.stderr.destroy();
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}
