import type { Connector } from '../shared/connectors/connector.ts';
import { defineIdentityConnector } from '../shared/connectors/sql/defineIdentityConnector.ts';
import type { IdentityOptions } from '../shared/connectors/sql/identityOptions.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlCheckpoint } from '../shared/connectors/sql/sqlCheckpoint.ts';
import { type BigqueryCredentials, bigqueryConfig } from './bigquery/bigqueryConfig.ts';
import { columnPattern, datasetPattern, tablePattern } from './bigquery/bigqueryNames.ts';
import { makeBigquery } from './bigquery.ts';

/** `limits` is for tests. */
export const makeBigqueryIdentity = (
  limits?: ReadLimits,
): Connector<IdentityOptions, BigqueryCredentials, SqlCheckpoint> =>
  defineIdentityConnector(makeBigquery(limits), {
    name: 'bigquery_identity',
    title: 'Google BigQuery: people',
    description: 'One table of people in a BigQuery dataset: key, e-mail address, name.',
    server: bigqueryConfig.shape,
    identifiers: {
      schema: datasetPattern,
      table: tablePattern,
      column: columnPattern,
      schemaTitle: 'Dataset',
    },
  });

export default makeBigqueryIdentity();
