import { HeadgateError } from '../../errors.ts';
import { streamNameOf } from './describeTable.ts';
import type { SqlDialect, SqlSession, SqlTable } from './sqlDialect.ts';
import type { SqlOptions } from './sqlOptions.ts';

/** The table behind a stream's name, as the catalogue has it now. Throws `source_not_found`. */
export async function findTable<Config extends SqlOptions, Credentials>(
  dialect: Pick<SqlDialect<Config, Credentials>, 'identifier'>,
  session: SqlSession,
  schemas: readonly string[],
  name: string,
): Promise<SqlTable> {
  const dot = name.indexOf('.');
  const [schema, table] = [name.slice(0, dot), name.slice(dot + 1)];
  const offered = dot > 0 && schemas.includes(schema);
  if (offered && dialect.identifier.test(schema) && dialect.identifier.test(table)) {
    const found = (await session.tables([schema], table)).find(
      (candidate) => streamNameOf(candidate) === name,
    );
    if (found !== undefined) return found;
  }
  throw new HeadgateError(
    'source_not_found',
    `There is no table or view ${JSON.stringify(name.slice(0, 140))} in the schemas ${schemas.join(', ')}. It may have been dropped or renamed, or the user may not use its schema.`,
    { facts: { stream: name } },
  );
}
