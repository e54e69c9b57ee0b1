/**
 * Tells records all of whose fields have known names. Records of one source have few shapes, so that mostly their
 * fields only have to be those of a record before, in the same order: no name is looked for.
 */
export class KnownShapes {
  readonly #names: ReadonlySet<string>;
  /** The last shape of so many fields. */
  readonly #shapes = new Map<number, readonly string[]>();

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  covers(record: object): boolean {
    const fields = Object.keys(record);
    const shape = this.#shapes.get(fields.length);
    if (shape !== undefined && isSame(shape, fields)) return true;
    for (const field of fields) if (!this.#names.has(field)) return false;
    this.#shapes.set(fields.length, fields);
    return true;
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
