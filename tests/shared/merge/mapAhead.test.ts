import { expect, it } from 'vitest';
import { mapAhead } from '../../../shared/merge/mapAhead.ts';

async function* numbers(): AsyncGenerator<number> {
  for (let number = 0; number < 10; number++) yield number;
}
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

it('answers in order, with as many calls under way as asked for', async () => {
  let [now, most] = [0, 0];
  const answers = [];
  for await (const answer of mapAhead(numbers(), 3, async (number) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, (10 - number) * 2));
    now--;
    return number * 2;
  }))
    answers.push(answer);
  expect(answers).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
  expect(most).toBe(3);
});

it('waits for the calls under way when its consumer stops or a call fails', async () => {
  for (const fails of [true, false]) {
    let now = 0;
    const read = async (): Promise<void> => {
      for await (const number of mapAhead(numbers(), 4, async (each) => {
        now++;
        await soon();
        now--;
        if (fails && each === 1) throw new Error('second');
        return each;
      }))
        if (!fails && number === 1) return;
    };
    if (fails) await expect(read()).rejects.toThrow('second');
    else await read();
    expect(now).toBe(0);
  }
});
