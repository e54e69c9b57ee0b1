/**
 * A thread beside the handler that ends the process when it outgrows its memory or outlives its parent.
 * It writes the reason to file descriptor 4, which the parent reads.
 */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { parent, memoryBytes } = workerData;
const intervalMilliseconds = 25;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  if (process.memoryUsage.rss() <= memoryBytes) return;
  writeSync(4, 'out of memory');
  process.kill(process.pid, 'SIGKILL');
}, intervalMilliseconds);
