import type { Connector } from '../shared/connectors/connector.ts';
import { defineIdentityConnector } from '../shared/connectors/sql/defineIdentityConnector.ts';
import type { IdentityOptions } from '../shared/connectors/sql/identityOptions.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlCheckpoint } from '../shared/connectors/sql/sqlCheckpoint.ts';
import { type PostgresCredentials, postgresConfig } from './postgres/postgresConfig.ts';
import { makePostgres } from './postgres.ts';

/** Unquoted names, 63 bytes at most. https://www.postgresql.org/docs/current/sql-syntax-lexical.html */
const name = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/** `limits` is for tests. */
export const makePostgresIdentity = (
  limits?: ReadLimits,
): Connector<IdentityOptions, PostgresCredentials, SqlCheckpoint> =>
  defineIdentityConnector(makePostgres(limits), {
    name: 'postgres_identity',
    title: 'PostgreSQL: people',
    description: 'One table of people in a PostgreSQL database: key, e-mail address, name.',
    server: postgresConfig.shape,
    identifiers: { schema: name, table: name, column: name, schemaTitle: 'Schema' },
  });

export default makePostgresIdentity();
