/**
 * What can be quoted: up to 64 characters of the basic plane (MySQL stores names as utf8mb3), no control
 * characters, no space at the end (MySQL refuses such names).
 */
export const identifierPattern =
  /^(?=.{1,64}$)[^\p{Cc}\u{10000}-\u{10ffff}]*[^\p{Cc} \u{10000}-\u{10ffff}]$/u;

/** The only way a name enters SQL. */
export const quoteIdentifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
