import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Something that serves the API under test. */
export interface Engine {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Promises an engine is known not to keep: the promise's name → why. */
export type Differences = Readonly<Record<string, string>>;

/** Declares one promise; its name is also what a list of differences names. */
export type Promise_ = (name: string, run: () => Promise<void>) => void;

/**
 * A suite of promises about an AWS API that runs against any engine. A promise listed as a difference must
 * fail: when the engine keeps it after all, the list is out of date. A reason that starts with `sometimes`
 * is one of chance, and both outcomes are taken.
 */
export function describeConformance(
  name: string,
  connect: () => Promise<Engine>,
  differs: Differences,
  declare: (promise: Promise_, endpoint: () => string) => void,
): void {
  describe(name, () => {
    let engine: Engine;
    const declared = new Set<string>();
    beforeAll(async () => {
      engine = await connect();
    });
    afterAll(async () => {
      await engine?.close();
    });
    declare(
      (promiseName, run) => {
        declared.add(promiseName);
        const reason = differs[promiseName];
        if (reason === undefined) it(promiseName, run);
        else
          it(`${promiseName} (differs: ${reason})`, async () => {
            if (reason.startsWith('sometimes')) await run().catch(() => undefined);
            else
              await expect(
                run(),
                'this difference is gone: take it off the list',
              ).rejects.toThrow();
          });
      },
      () => engine.endpoint,
    );
    it('knows every promise that is listed as a difference', () => {
      expect(Object.keys(differs).filter((listed) => !declared.has(listed))).toEqual([]);
    });
  });
}

/** A name that no other run uses. */
export const uniqueName = (prefix: string): string =>
  `${prefix}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
