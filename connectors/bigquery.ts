import {
  defineSqlConnector,
  type SqlConnector,
} from '../shared/connectors/sql/defineSqlConnector.ts';
import { rangeEnd } from '../shared/connectors/sql/localTime.ts';
import type { ReadLimits } from '../shared/connectors/sql/readTable.ts';
import type { SqlColumn } from '../shared/connectors/sql/sqlDialect.ts';
import {
  type BigqueryConfig,
  type BigqueryCredentials,
  bigqueryConfig,
  bigqueryCredentials,
} from './bigquery/bigqueryConfig.ts';
import { identifierPattern, quoteIdentifier } from './bigquery/bigqueryNames.ts';
import { openSession } from './bigquery/openSession.ts';

/** Every value is bound as text and cast: a constant, so that partitions are still left out by it. */
const cast = (index: number, { nativeType }: SqlColumn): string =>
  `cast(@p${index} as ${nativeType})`;

/** BigQuery over its REST API. `limits` is for tests. */
export const makeBigquery = (
  limits?: ReadLimits,
): SqlConnector<BigqueryConfig, BigqueryCredentials> =>
  defineSqlConnector(
    {
      name: 'bigquery',
      title: 'Google BigQuery',
      description: 'Tables and views of BigQuery datasets, whole or by a cursor.',
      docs: 'https://cloud.google.com/bigquery/docs/reference/rest',
      labels: ['warehouse'],
      authMethods: [
        { name: 'key', title: 'Service account key', fields: ['clientEmail', 'privateKey'] },
      ],
      config: bigqueryConfig,
      credentials: bigqueryCredentials,
      dialect: {
        identifier: identifierPattern,
        quote: quoteIdentifier,
        parameter: cast,
        instant: (bind, value, column, timeZone) => {
          const end = rangeEnd(value, column, timeZone);
          return cast(bind(column.type === 'timestamptz' ? `${end}+00` : end), column);
        },
        comparesRows: false,
        nullsLast: false,
        endless: () => null,
        connect: openSession,
        // What the service answers is an error with a name already.
        explain: () => null,
      },
    },
    limits,
  );

export default makeBigquery();
