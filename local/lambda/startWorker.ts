import { Worker } from 'node:worker_threads';
import type { StartSandbox } from './sandboxChannel.ts';

/** A sandbox in a thread of this process: 40 ms cold; its heap is limited, native memory is not. */
export const startWorker: StartSandbox = (settings, environment, listener) => {
  const worker = new Worker(new URL('./sandbox/worker.mjs', import.meta.url), {
    workerData: { codeFolder: settings.codeFolder, handler: settings.handler },
    env: environment,
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: settings.memoryMegabytes },
  });
  let outOfMemory = false;
  worker.stdout.on('data', (chunk: Buffer) => listener.output('stdout', chunk.toString('utf8')));
  worker.stderr.on('data', (chunk: Buffer) => listener.output('stderr', chunk.toString('utf8')));
  worker.on('message', listener.message);
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') outOfMemory = true;
    else listener.output('stderr', `${error.stack ?? error.message}\n`);
  });
  worker.on('exit', (code) => {
    if (outOfMemory) listener.ended('signal: killed', true);
    else listener.ended(code === 0 ? '' : `exit status ${code}`, false);
  });
  return {
    send: (request) => worker.postMessage(request),
    kill: () => void worker.terminate(),
  };
};
