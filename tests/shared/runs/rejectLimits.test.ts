import { describe, expect, it } from 'vitest';
import { assertRejectLimits, rejectLimitsOf } from '../../../shared/runs/rejectLimits.ts';

const check = (
  maxRejectedRows: number | null,
  maxRejectedRatio: number | null,
  read: number,
  rejected: number,
) => assertRejectLimits('orders', { maxRejectedRows, maxRejectedRatio }, { read, rejected });

describe('limits of rejects', () => {
  it('let pass as many as they say, and not one more', () => {
    expect(() => check(2, null, 10, 2)).not.toThrow();
    expect(() => check(2, null, 10, 3)).toThrow('3 of 10 rows of "orders" were rejected');
    expect(() => check(null, 0.1, 10, 1)).not.toThrow();
    expect(() => check(null, 0.1, 10, 2)).toThrow('at most 10 %');
    expect(() => check(0, null, 10, 1)).toThrow();
    expect(() => check(null, 0, 10, 1)).toThrow();
    expect(() => check(null, null, 10, 10)).not.toThrow();
    expect(() => check(0, 0, 0, 0)).not.toThrow();
  });

  it('say what was found and what is allowed', () => {
    expect(() => check(2, 0.5, 10, 3)).toThrow(
      expect.objectContaining({
        code: 'too_many_rejects',
        facts: {
          stream: 'orders',
          read: 10,
          rejected: 3,
          maxRejectedRows: 2,
          maxRejectedRatio: 0.5,
        },
      }),
    );
  });

  it('are the stream’s own, then the source’s; null lifts the source’s', () => {
    const source = {
      rules: { maxRejectedRows: 5, maxRejectedRatio: 0.1 },
      streams: { own: { maxRejectedRows: 1 }, free: { maxRejectedRows: null } },
    };
    expect(rejectLimitsOf(source, 'own')).toEqual({ maxRejectedRows: 1, maxRejectedRatio: 0.1 });
    expect(rejectLimitsOf(source, 'free')).toEqual({
      maxRejectedRows: null,
      maxRejectedRatio: 0.1,
    });
    expect(rejectLimitsOf({ streams: null }, 'any')).toEqual({
      maxRejectedRows: null,
      maxRejectedRatio: null,
    });
  });
});
