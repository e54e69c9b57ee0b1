/**
 * Notices a delete that overtakes a conditional write under way: S3 then answers 409
 * ConditionalRequestConflict instead of deciding by what it finds at the end.
 * Source: "How to prevent object overwrites with conditional writes", "Conditional write behavior".
 */
export class WriteConflicts {
  readonly #underWay = new Map<string, Set<ConditionalWrite>>();

  /** MUST be disposed of when the write has ended. */
  begin(bucket: string, key: string): ConditionalWrite {
    const name = `${bucket}/${key}`;
    const writes = this.#underWay.get(name) ?? new Set();
    this.#underWay.set(name, writes);
    const write: ConditionalWrite = {
      conflicted: false,
      [Symbol.dispose]: () => {
        writes.delete(write);
        if (writes.size === 0) this.#underWay.delete(name);
      },
    };
    writes.add(write);
    return write;
  }

  deleted(bucket: string, key: string): void {
    for (const write of this.#underWay.get(`${bucket}/${key}`) ?? []) write.conflicted = true;
  }
}

export interface ConditionalWrite extends Disposable {
  conflicted: boolean;
}
