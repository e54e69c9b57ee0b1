/** Entry of a sandbox that is a worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveInvocations } from './runtime.mjs';

await serveInvocations(
  {
    send: (message) => parentPort?.postMessage(message),
    receive: (listener) => void parentPort?.on('message', listener),
  },
  workerData,
);
