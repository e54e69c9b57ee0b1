import type { Connector } from '../shared/connectors/connector.ts';
import { defineIdentityConnector } from '../shared/connectors/sql/defineIdentityConnector.ts';
import type { IdentityOptions } from '../shared/connectors/sql/identityOptions.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlCheckpoint } from '../shared/connectors/sql/sqlCheckpoint.ts';
import { type SnowflakeCredentials, snowflakeConfig } from './snowflake/snowflakeConfig.ts';
import { plainPattern } from './snowflake/snowflakeNames.ts';
import { makeSnowflake } from './snowflake.ts';

/** `limits` is for tests. */
export const makeSnowflakeIdentity = (
  limits?: ReadLimits,
): Connector<IdentityOptions, SnowflakeCredentials, SqlCheckpoint> =>
  defineIdentityConnector(makeSnowflake(limits), {
    name: 'snowflake_identity',
    title: 'Snowflake: people',
    description: 'One table of people in a Snowflake database: key, e-mail address, name.',
    server: snowflakeConfig.shape,
    identifiers: {
      schema: plainPattern,
      table: plainPattern,
      column: plainPattern,
      schemaTitle: 'Schema',
    },
  });

export default makeSnowflakeIdentity();
