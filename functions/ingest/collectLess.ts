import { setFlagsFromString } from 'node:v8';

/**
 * Lets garbage grow to a few times what is live before it is collected. What passes through an ingest are megabytes of
 * bytes outside of V8's heap, next to 20 MB within, and V8 counts both against a limit made for the small heap: a
 * mark-compact every 6 MB of rows, a fifth of a function's processor. Lambda takes no V8 flag by NODE_OPTIONS that says
 * this; V8 reads this one at the end of each collection (`heap-growing-percent` of `node --v8-options`).
 */
export function collectLess(): void {
  setFlagsFromString('--heap-growing-percent=400');
}
