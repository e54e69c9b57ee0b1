import * as z from 'zod';

/** What a database's names look like where people are to be read from it. */
export interface IdentifierRules {
  readonly schema: RegExp;
  readonly table: RegExp;
  readonly column: RegExp;
  /** What the database calls a schema: `Schema`, `Database`, `Dataset`. */
  readonly schemaTitle: string;
}

/** Which table holds people, and what its columns mean: settings of every identity connector. */
export function identityOptions({ schema, table, column, schemaTitle }: IdentifierRules) {
  const named = (pattern: RegExp) =>
    z.string().regex(pattern, 'not a plain name that this database allows');
  return {
    schema: named(schema).meta({
      title: schemaTitle,
      description: `${schemaTitle} that holds the table. Capitals count.`,
    }),
    table: named(table).meta({
      title: 'Table',
      description: 'Table or view with one row per person. Capitals count.',
    }),
    key: named(column).meta({
      title: 'Key column',
      description: 'Column that tells a person from any other. It lands as "id".',
    }),
    email: named(column).meta({
      title: 'E-mail column',
      description: 'Column of the person’s e-mail address. It lands as "email".',
    }),
    name: named(column).optional().meta({
      title: 'Name column',
      description: 'Column of the person’s name. It lands as "name".',
    }),
    cursor: named(column).optional().meta({
      title: 'Cursor column',
      description:
        'Time, date or whole number that grows with every change of a row. Left out: every run reads the whole table.',
    }),
    columns: z.array(named(column)).max(200).default([]).meta({
      title: 'Further columns',
      description: 'Other columns to take along. They land under their own names.',
    }),
  };
}

/** The people table and its columns as a source names them. */
export interface IdentityOptions {
  readonly schema: string;
  readonly table: string;
  readonly key: string;
  readonly email: string;
  readonly name?: string | undefined;
  readonly cursor?: string | undefined;
  readonly columns: readonly string[];
}

/** Every column that is read, and the name it lands under. */
export function landingNames(options: IdentityOptions): ReadonlyMap<string, string> {
  const { key, email, name, cursor, columns } = options;
  return new Map([
    ...[...columns, ...(cursor === undefined ? [] : [cursor])].map((own) => [own, own] as const),
    ...(name === undefined ? [] : [[name, 'name'] as const]),
    [email, 'email'],
    [key, 'id'],
  ]);
}

/** What two columns would land under, or null where each has a name of its own. */
export function sharedLandingName(options: IdentityOptions): string | null {
  const { key, email, name } = options;
  const roles = [key, email, ...(name === undefined ? [] : [name])];
  if (new Set(roles).size < roles.length) return 'key, e-mail and name have to be three columns';
  const seen = new Set<string>();
  for (const landing of landingNames(options).values()) {
    const folded = landing.toLowerCase();
    if (seen.has(folded)) return `two columns would land as "${folded}"; leave one of them out`;
    seen.add(folded);
  }
  return null;
}
