import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fifo, fifoAt, makeFifo } from './fifo.ts';

/**
 * The pipes of one folder, one after the other through as few as were ever open together: making one starts a process,
 * which costs more than a small batch does. They go with the folder.
 */
export class Fifos {
  readonly #folder: string;
  readonly #idle: string[] = [];
  #made = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A pipe without a byte in it. What read it MUST have ended before it is disposed of. */
  async take(): Promise<Fifo> {
    let path = this.#idle.pop();
    if (path === undefined) {
      await mkdir(this.#folder, { recursive: true });
      path = join(this.#folder, `${++this.#made}.csv`);
      await makeFifo(path);
    }
    const own = path;
    return fifoAt(own, async (isSound) => {
      if (isSound) this.#idle.push(own);
      else await rm(own, { force: true });
    });
  }
}
