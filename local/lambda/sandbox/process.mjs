/** Entry of a sandbox that is a process of its own: `process.mjs <codeFolder> <handler> <memoryBytes>`. */
import { Worker } from 'node:worker_threads';
import { serveInvocations } from './runtime.mjs';

const [codeFolder, handler, memoryBytes] = process.argv.slice(2);

// The parent is gone: nobody will read an answer.
process.on('disconnect', () => process.exit(1));

// A loop that never yields starves the line above, and a native allocation starves every timer here.
new Worker(new URL('watchdog.mjs', import.meta.url), {
  workerData: { parent: process.ppid, memoryBytes: Number(memoryBytes) },
  execArgv: [],
}).unref();

await serveInvocations(
  {
    send: (message) => void (process.connected && process.send?.(message)),
    receive: (listener) => void process.on('message', listener),
  },
  { codeFolder: codeFolder ?? '', handler: handler ?? '' },
);
