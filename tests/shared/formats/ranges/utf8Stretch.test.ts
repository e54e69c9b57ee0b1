import { isUtf8 } from 'node:buffer';
import { expect, it } from 'vitest';
import { areUtf8, Utf8Scanner } from '../../../../shared/formats/ranges/utf8Stretch.ts';
import { seeded } from '../../../randomness.ts';

it('bytes cut anywhere are UTF-8 together exactly when they are as a whole', () => {
  const random = seeded('utf8 stretches');
  let valid = 0;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: random.below(12) }, () =>
      random.pick(['a', 'é', '漢', '😀', '\u07ff', '\uffff', '\u{10ffff}']),
    ).join('');
    const bytes = Buffer.from(text);
    for (let flaws = random.below(3); flaws > 0 && bytes.length > 0; flaws--)
      if (random.chance(0.4)) bytes[random.below(bytes.length)] = random.below(256);
    const stretches = [];
    for (let at = 0; at < bytes.length; ) {
      const scanner = new Utf8Scanner();
      for (let chunks = 1 + random.below(3); chunks > 0 && at < bytes.length; chunks--) {
        const next = at + 1 + random.below(5);
        scanner.scan(bytes.subarray(at, next));
        at = next;
      }
      stretches.push(scanner.stretch());
    }
    const expected = isUtf8(bytes);
    if (expected) valid++;
    expect(areUtf8(stretches), `SEED=${random.seed} ${bytes.toString('hex')}`).toBe(expected);
  }
  expect(valid).toBeGreaterThan(500);
});
