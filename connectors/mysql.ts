import {
  defineSqlConnector,
  type SqlConnector,
} from '../shared/connectors/sql/defineSqlConnector.ts';
import { rangeEnd } from '../shared/connectors/sql/localTime.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import { placeholder } from './mysql/bindValues.ts';
import { castTo } from './mysql/columnType.ts';
import { explainError } from './mysql/explainError.ts';
import {
  type MysqlConfig,
  type MysqlCredentials,
  mysqlConfig,
  mysqlCredentials,
} from './mysql/mysqlConfig.ts';
import { identifierPattern, quoteIdentifier } from './mysql/mysqlNames.ts';
import { openSession } from './mysql/openSession.ts';

/** MySQL 5.7 and later, MariaDB 10.2 and later. `limits` is for tests. */
export const makeMysql = (limits?: ReadLimits): SqlConnector<MysqlConfig, MysqlCredentials> =>
  defineSqlConnector(
    {
      name: 'mysql',
      title: 'MySQL and MariaDB',
      description: 'Tables and views of a MySQL or MariaDB server, whole or by a cursor.',
      docs: 'https://dev.mysql.com/doc/refman/8.4/en/',
      labels: ['database'],
      authMethods: [
        { name: 'password', title: 'User and password', fields: ['user', 'password'] },
        {
          name: 'key',
          title: 'Client certificate',
          fields: ['user', 'clientCertificate', 'clientKey'],
        },
      ],
      config: mysqlConfig,
      credentials: mysqlCredentials,
      dialect: {
        identifier: identifierPattern,
        quote: quoteIdentifier,
        parameter: (index, column) => castTo(placeholder(index), column),
        instant: (bind, value, column, timeZone) =>
          castTo(placeholder(bind(rangeEnd(value, column, timeZone))), column),
        // (a, b) > (1, 2) is understood, but uses no index.
        comparesRows: false,
        nullsLast: false,
        endless: () => null,
        connect: openSession,
        explain: (error, { config }) => explainError(error, config),
      },
    },
    limits,
  );

export default makeMysql();
