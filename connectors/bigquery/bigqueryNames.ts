/**
 * Names that can be quoted: no backtick, backslash or control character, and 300 characters at most. BigQuery's own
 * rules are narrower. https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical
 */
export const identifierPattern = /^[^\p{Cc}`\\]{1,300}$/u;

/** A project's id, with the domain that old ones have before it. */
export const projectPattern = /^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** https://cloud.google.com/bigquery/docs/datasets#dataset-naming */
export const datasetPattern = /^[A-Za-z0-9_]{1,1024}$/;

/** Without `*`, which would name many tables, and without `$`, which names a partition. */
export const tablePattern = /^[A-Za-z0-9_-]{1,1024}$/;

export const columnPattern = /^[A-Za-z_][A-Za-z0-9_]{0,299}$/;

/** The only way a name enters SQL. */
export const quoteIdentifier = (name: string): string => `\`${name}\``;
