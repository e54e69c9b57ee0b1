import { isUtf8 } from 'node:buffer';
import * as z from 'zod';

/** Whether a stretch of a file is UTF-8, but for characters that its ends may cut. */
export const utf8Stretch = z.strictObject({
  isValid: z.boolean(),
  /** Its first bytes that go on with a character begun before, and its last of one that is not whole: hex. */
  head: z.string(),
  tail: z.string(),
  /** It has no other bytes than those of `head`: the character may go on behind it. */
  isInside: z.boolean(),
});
export type Utf8Stretch = z.infer<typeof utf8Stretch>;

/** Looks at a stretch of a file as its bytes come. */
export class Utf8Scanner {
  #head: readonly number[] = [];
  #isAtHead = true;
  #rest: Uint8Array = new Uint8Array();
  #isValid = true;

  scan(chunk: Uint8Array): void {
    if (!this.#isValid) return;
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#isAtHead) {
      let at = 0;
      while (at < bytes.length && this.#head.length < 3 && isContinuation(bytes[at])) {
        this.#head = [...this.#head, bytes[at] as number];
        at++;
      }
      bytes = bytes.subarray(at);
      if (bytes.length === 0) return;
      this.#isAtHead = false;
    }
    const whole = wholeCharacters(bytes);
    this.#isValid = isUtf8(bytes.subarray(0, whole));
    // Copied: the reader may hand out its buffer again.
    this.#rest = Buffer.from(bytes.subarray(whole));
  }

  stretch(): Utf8Stretch {
    return {
      isValid: this.#isValid,
      head: Buffer.from(this.#head).toString('hex'),
      tail: Buffer.from(this.#rest).toString('hex'),
      isInside: this.#isAtHead,
    };
  }
}

/** Hexadecimal digits of four bytes. */
const longestCharacter = 8;

/** Whether stretches, one behind the other, are UTF-8 together. */
export function areUtf8(stretches: readonly Utf8Stretch[]): boolean {
  let open = '';
  for (const { isValid, head, tail, isInside } of stretches) {
    if (!isValid) return false;
    open += head;
    if (isInside && open.length < longestCharacter) continue;
    if (!isUtf8(Buffer.from(open, 'hex'))) return false;
    open = tail;
  }
  return isUtf8(Buffer.from(open, 'hex'));
}

const isContinuation = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0xc0) === 0x80;

/** Bytes up to a character that may be cut; at most 3 are left. */
function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back] as number;
    if (byte < 0x80) return length;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < size ? length - back : length;
  }
  return length;
}
