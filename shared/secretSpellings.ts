/** Shorter secrets would turn ordinary text into stars where they are looked for in base64. */
const shortestInBase64 = 8;

/**
 * The spellings in which a secret may stand in a text: as it is, inside a JSON string, inside a URL or a form, and as base64
 * from any offset, the way `user:password` ends in a header.
 */
export function secretSpellings(secret: string): ReadonlySet<string> {
  const bytes = Buffer.from(secret);
  const base64 =
    secret.length < shortestInBase64
      ? []
      : [0, 1, 2].map((offset) => {
          const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
          // Without the characters that also hold bits of what stands before and after.
          const bits = (offset + bytes.length) * 8;
          return text.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
        });
  return new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    ...base64.map((text) => encodeURIComponent(text)),
  ]);
}
