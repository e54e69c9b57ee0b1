import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { blocksAhead } from '../../../shared/formats/tabularFile.ts';
import { WriteQueue } from '../../../shared/staging/writeQueue.ts';

const isDone = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  await turn();
  return done;
};

describe('writes that wait', () => {
  it('are as many as there are blocks to take turns, and no more', async () => {
    const queue = new WriteQueue();
    const writes = Array.from({ length: blocksAhead }, () => Promise.withResolvers<void>());
    for (const { promise } of writes.slice(1)) await queue.add(promise, 1);
    const last = queue.add((writes[0] as PromiseWithResolvers<void>).promise, 1);
    expect(await isDone(last)).toBe(false);
    (writes[1] as PromiseWithResolvers<void>).resolve();
    expect(await isDone(last)).toBe(true);
  });

  it('are fewer when their blocks are large', async () => {
    const queue = new WriteQueue();
    const first = Promise.withResolvers<void>();
    const large = queue.add(first.promise, 32 * 2 ** 20);
    expect(await isDone(large)).toBe(false);
    first.resolve();
    expect(await isDone(large)).toBe(true);
  });

  it('are all awaited in the end, and a failed one is told of', async () => {
    const queue = new WriteQueue();
    await queue.add(Promise.resolve(), 1);
    await queue.add(Promise.reject(new Error('no reader')), 1);
    const waiting = Promise.withResolvers<void>();
    await queue.add(waiting.promise, 1);
    await expect(queue.drain()).rejects.toThrow('no reader');
    const rest = queue.drain();
    expect(await isDone(rest)).toBe(false);
    waiting.resolve();
    await rest;
  });
});
