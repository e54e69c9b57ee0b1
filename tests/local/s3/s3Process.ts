import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { localClientConfig } from '../hostServices.ts';

export interface S3Process {
  readonly endpoint: string;
  readonly client: S3Client;
  /** Lines after the endpoint: delivered events, when it was told to listen. */
  readonly lines: string[];
  /** Highest resident memory so far, in megabytes. */
  peakMegabytes(): Promise<number>;
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL('serveS3Process.ts', import.meta.url));

/** Starts the embedded S3 in a process of its own. */
export async function startS3Process(folder: string, listening = false): Promise<S3Process> {
  const child: ChildProcess = fork(script, listening ? [folder, 'listen'] : [folder], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (child.stdout === null) throw new Error('the process has no stdout');
  const lines: string[] = [];
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the S3 process ended with ${code}`)));
    createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      if (line.startsWith('http')) resolve(line);
      else lines.push(line);
    });
  });
  const client = new S3Client({ ...localClientConfig, endpoint, maxAttempts: 1 });
  return {
    endpoint,
    client,
    lines,
    peakMegabytes: async () => {
      const answer = once(child, 'message') as Promise<[number]>;
      child.send('memory');
      return (await answer)[0] / 1024;
    },
    kill: async () => {
      client.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
