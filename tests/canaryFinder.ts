/** The spellings in which a secret may leave: as it is, in JSON, in a URL, in a form, as base64 from any offset, as hexadecimal. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // Without the characters that also hold bits of what stands before and after.
    const bits = (offset + bytes.length) * 8;
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
  });
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...base64.map((text) => encodeURIComponent(text)),
    bytes.toString('hex'),
  ];
}

/** Shorter ones turn up by chance. */
const shortest = 8;

/** Parts of a secret none of which may be told: the lines of a key, each. */
const partsOf = (secret: string): readonly string[] =>
  secret.split(/\r?\n|\\n/).filter((line) => line.length >= shortest && !line.startsWith('-----'));

/**
 * Looks for many canaries at once, in one pass: answers those that a text holds, in whatever spelling.
 * Throws for a canary that is too short to be told from chance.
 */
export function canaryFinder(canaries: Iterable<string>): (text: Uint8Array) => readonly string[] {
  const byStart = new Map<number, { readonly form: Buffer; readonly canary: string }[]>();
  // Of two bytes: most places are passed over with one look.
  const starts = new Uint8Array(65_536);
  const known = new Set<string>();
  for (const canary of new Set(canaries)) {
    const parts = partsOf(canary);
    if (parts.length === 0) throw new Error('a canary is too short to be looked for');
    for (const part of parts)
      for (const form of formsOf(part)) {
        if (known.has(form)) continue;
        known.add(form);
        const bytes = Buffer.from(form);
        const start = bytes.readUInt32LE(0);
        starts[start & 0xff_ff] = 1;
        byStart.set(start, [...(byStart.get(start) ?? []), { form: bytes, canary }]);
      }
  }
  return (text) => {
    const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    const found = new Set<string>();
    for (let at = 0; at + shortest <= bytes.length; at += 1) {
      if (starts[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] === 0) continue;
      for (const { form, canary } of byStart.get(bytes.readUInt32LE(at)) ?? [])
        if (bytes.subarray(at, at + form.length).equals(form)) found.add(canary);
    }
    return [...found];
  };
}
