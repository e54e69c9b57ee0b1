/** Names that can be quoted: 255 characters at most, no control characters. */
export const identifierPattern = /^[^\p{Cc}]{1,255}$/u;

/** Names that need no quotes. https://docs.snowflake.com/en/sql-reference/identifiers-syntax */
export const plainPattern = /^[A-Za-z_][A-Za-z0-9_$]{0,254}$/;

/** The only way a name enters SQL. Quoted names are taken as they are, not folded to capitals. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
