import { createHash, createHmac } from 'node:crypto';
import type { DuckDb } from '../duckdb/openDuckDb.ts';
import { sqlText } from '../duckdb/openDuckDb.ts';
import { HeadgateError } from '../errors.ts';
import type { ColumnRule } from './ruleBook.ts';

/** What a redacted value becomes. NULL stays NULL. */
export const redacted = 'REDACTED';

type Mask = NonNullable<ColumnRule['mask']>;

/** SHA-256 takes blocks of so many bytes, which is what RFC 2104 pads keys to. */
const blockBytes = 64;
const [innerPad, outerPad] = [0x36, 0x5c];
const [innerVariable, outerVariable] = ['mask_inner', 'mask_outer'];

/**
 * Masks texts, in Node and in DuckDB alike: `hash` is HMAC-SHA-256 of the UTF-8 text under the tenant's key, as 64
 * hexadecimal digits, so that equal values stay equal in every table of the tenant; `redact` is always the same word.
 */
export class ValueMask {
  readonly #key: Uint8Array | null;

  /** `key`: null where nothing is hashed. */
  constructor(key: Uint8Array | null) {
    this.#key = key;
  }

  /** Throws `invalid_config` for a hash without a key: nothing is then stored. */
  text(mask: Mask, value: string): string {
    if (mask === 'redact') return redacted;
    return createHmac('sha256', this.#required()).update(value).digest('hex');
  }

  /** SQL for the masked text of a VARCHAR. Works after `prepare`, and holds no key. */
  sql(mask: Mask, text: string): string {
    if (mask === 'redact') return `CASE WHEN ${text} IS NOT NULL THEN ${sqlText(redacted)} END`;
    this.#required();
    return `sha256(getvariable('${outerVariable}') || unhex(sha256(getvariable('${innerVariable}') || encode(${text}))))`;
  }

  /** Hands the key to a database once, so that no statement, and no error that quotes one, ever holds it. */
  async prepare(db: DuckDb): Promise<void> {
    if (this.#key === null) return;
    const key = Buffer.alloc(blockBytes);
    key.set(
      this.#key.length > blockBytes ? createHash('sha256').update(this.#key).digest() : this.#key,
    );
    for (const [variable, pad] of [
      [innerVariable, innerPad],
      [outerVariable, outerPad],
    ] as const)
      try {
        await db.rows(
          `SET VARIABLE ${variable} = unhex('${Buffer.from(key.map((byte) => byte ^ pad)).toString('hex')}')`,
        );
      } catch {
        // Its message would quote the statement.
        throw new HeadgateError('internal_error', 'DuckDB did not take the key of masked columns.');
      }
  }

  #required(): Uint8Array {
    if (this.#key !== null) return this.#key;
    throw new HeadgateError(
      'invalid_config',
      'A column is to be hashed, and the tenant has no key for it. Save the source’s settings again: that makes one.',
    );
  }
}
