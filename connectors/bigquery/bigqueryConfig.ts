import * as z from 'zod';
import { sqlOptions } from '../../shared/connectors/sql/sqlOptions.ts';
import { datasetPattern, projectPattern } from './bigqueryNames.ts';

export const bigqueryConfig = z.strictObject({
  project: z.string().regex(projectPattern, 'not the id of a Google Cloud project').meta({
    title: 'Project',
    description: 'Id of the Google Cloud project that holds the datasets.',
  }),
  billingProject: z
    .string()
    .regex(projectPattern, 'not the id of a Google Cloud project')
    .optional()
    .meta({
      title: 'Billing project',
      description: 'Id of the project that queries run in and are billed to. Left out: the same.',
    }),
  location: z
    .string()
    .regex(/^[A-Za-z0-9-]{2,40}$/, 'not a location such as EU or europe-west3')
    .optional()
    .meta({
      title: 'Location',
      description:
        'Where the datasets lie, e.g. EU or europe-west3. Left out: BigQuery finds out by the tables of each query.',
    }),
  maximumBytesBilled: z
    .int()
    .min(10 * 2 ** 20)
    .optional()
    .meta({
      title: 'Most bytes billed',
      description:
        'A query that would be billed for more fails before it costs anything. Left out: the limit of the project.',
    }),
  ...sqlOptions,
  schemas: z
    .array(z.string().regex(datasetPattern, 'not the id of a dataset'))
    .min(1)
    .max(100)
    .meta({ title: 'Datasets', description: 'Datasets whose tables and views are offered.' }),
  statementTimeoutSeconds: z.int().min(1).max(21_600).default(3600).meta({
    title: 'Statement timeout in seconds',
    description: 'BigQuery ends a query that runs longer.',
  }),
});
export type BigqueryConfig = z.infer<typeof bigqueryConfig>;

export const bigqueryCredentials = z.strictObject({
  clientEmail: z.email().max(300).meta({
    title: 'Service account',
    description: 'E-mail address of the service account: "client_email" in its key file.',
  }),
  privateKey: z
    .string()
    .max(10_000)
    .regex(/^\s*-----BEGIN (RSA )?PRIVATE KEY-----/, 'not a PEM private key')
    .meta({
      title: 'Private key',
      description:
        'A key of the service account: "private_key" in its key file, with its line ends or with \\n for them.',
      secret: true,
    }),
});
export type BigqueryCredentials = z.infer<typeof bigqueryCredentials>;
