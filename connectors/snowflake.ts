import {
  defineSqlConnector,
  type SqlConnector,
} from '../shared/connectors/sql/defineSqlConnector.ts';
import { rangeEnd } from '../shared/connectors/sql/localTime.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlColumn } from '../shared/connectors/sql/sqlDialect.ts';
import { openSession } from './snowflake/openSession.ts';
import {
  type SnowflakeConfig,
  type SnowflakeCredentials,
  snowflakeConfig,
  snowflakeCredentials,
} from './snowflake/snowflakeConfig.ts';
import { identifierPattern, quoteIdentifier } from './snowflake/snowflakeNames.ts';

/** Every value is bound as text and cast. Statements bind their values in the order they stand in. */
const cast = ({ nativeType }: SqlColumn): string => `cast(? as ${nativeType})`;

/** Snowflake over its SQL API. `limits` is for tests. */
export const makeSnowflake = (
  limits?: ReadLimits,
): SqlConnector<SnowflakeConfig, SnowflakeCredentials> =>
  defineSqlConnector(
    {
      name: 'snowflake',
      title: 'Snowflake',
      description: 'Tables and views of a Snowflake database, whole or by a cursor.',
      docs: 'https://docs.snowflake.com/en/developer-guide/sql-api/index',
      labels: ['warehouse'],
      authMethods: [
        { name: 'key', title: 'Key pair', fields: ['user', 'privateKey', 'privateKeyPassphrase'] },
        { name: 'token', title: 'Programmatic access token', fields: ['accessToken'] },
        { name: 'oauth2', title: 'OAuth access token', fields: ['oauthToken'] },
      ],
      config: snowflakeConfig,
      credentials: snowflakeCredentials,
      dialect: {
        identifier: identifierPattern,
        quote: quoteIdentifier,
        parameter: (_index, column) => cast(column),
        instant: (bind, value, column, timeZone) => {
          const end = rangeEnd(value, column, timeZone);
          bind(column.type === 'timestamptz' ? `${end}+00` : end);
          return cast(column);
        },
        comparesRows: false,
        nullsLast: true,
        endless: () => null,
        connect: openSession,
        // What the service answers is an error with a name already.
        explain: () => null,
      },
    },
    limits,
  );

export default makeSnowflake();
