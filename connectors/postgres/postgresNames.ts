/** What can be quoted: up to 63 characters, no control characters. PostgreSQL itself allows almost anything. */
export const identifierPattern = /^[^\p{Cc}]{1,63}$/u;

/** The only way a name enters SQL. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
