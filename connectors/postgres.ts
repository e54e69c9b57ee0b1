import {
  defineSqlConnector,
  type SqlConnector,
} from '../shared/connectors/sql/defineSqlConnector.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import { explainError } from './postgres/explainError.ts';
import { openSession } from './postgres/openSession.ts';
import {
  type PostgresConfig,
  type PostgresCredentials,
  postgresConfig,
  postgresCredentials,
} from './postgres/postgresConfig.ts';
import { identifierPattern, quoteIdentifier } from './postgres/postgresNames.ts';

/** A bound value: the n-th setting of the transaction, because COPY takes no parameters. */
const setting = (index: number): string => `current_setting('headgate.p${index}')`;

/** PostgreSQL 12 and later. `limits` is for tests. */
export const makePostgres = (
  limits?: ReadLimits,
): SqlConnector<PostgresConfig, PostgresCredentials> =>
  defineSqlConnector(
    {
      name: 'postgres',
      title: 'PostgreSQL',
      description:
        'Tables, views and materialised views of a PostgreSQL database, whole or by a cursor.',
      docs: 'https://www.postgresql.org/docs/current/',
      labels: ['database'],
      authMethods: [
        { name: 'password', title: 'User and password', fields: ['user', 'password'] },
        {
          name: 'key',
          title: 'Client certificate',
          fields: ['user', 'clientCertificate', 'clientKey'],
        },
      ],
      config: postgresConfig,
      credentials: postgresCredentials,
      dialect: {
        identifier: identifierPattern,
        quote: quoteIdentifier,
        // Bound as settings of the transaction, because COPY takes no parameters.
        parameter: (index, column) => `${setting(index)}::${column.nativeType}`,
        instant: (bind, value, column, timeZone) => {
          const hasOffset = /(z|[+-]\d{2}(:?\d{2})?)$/i.test(
            value.replace(/^\d{4}-\d{2}-\d{2}/, ''),
          );
          if (column.type === 'timestamptz') return `${setting(bind(value))}::timestamptz`;
          if (!hasOffset) return `${setting(bind(value))}::${column.nativeType}`;
          const instant = `${setting(bind(value))}::timestamptz`;
          return `(${instant} at time zone ${setting(bind(timeZone))})::${column.nativeType}`;
        },
        comparesRows: true,
        // Of whole pages; 42601 where what answers is no PostgreSQL.
        sample: (percent) => `tablesample system (${percent.toFixed(6)})`,
        nullsLast: true,
        endless: (quoted, column) =>
          column.cursor === 'number' ? null : `${quoted} = 'infinity'::${column.nativeType}`,
        connect: openSession,
        explain: (error, { config }) => explainError(error, config),
      },
    },
    limits,
  );

export default makePostgres();
