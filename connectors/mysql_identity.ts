import type { Connector } from '../shared/connectors/connector.ts';
import { defineIdentityConnector } from '../shared/connectors/sql/defineIdentityConnector.ts';
import type { IdentityOptions } from '../shared/connectors/sql/identityOptions.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlCheckpoint } from '../shared/connectors/sql/sqlCheckpoint.ts';
import { type MysqlCredentials, mysqlConfig } from './mysql/mysqlConfig.ts';
import { makeMysql } from './mysql.ts';

/** Unquoted names, not of digits alone. https://dev.mysql.com/doc/refman/8.4/en/identifiers.html */
const name = /^(?!\d+$)[0-9A-Za-z$_]{1,64}$/;

/** `limits` is for tests. */
export const makeMysqlIdentity = (
  limits?: ReadLimits,
): Connector<IdentityOptions, MysqlCredentials, SqlCheckpoint> =>
  defineIdentityConnector(makeMysql(limits), {
    name: 'mysql_identity',
    title: 'MySQL and MariaDB: people',
    description: 'One table of people on a MySQL or MariaDB server: key, e-mail address, name.',
    server: mysqlConfig.shape,
    identifiers: { schema: name, table: name, column: name, schemaTitle: 'Database' },
  });

export default makeMysqlIdentity();
