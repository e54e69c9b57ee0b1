import * as z from 'zod';
import { oidcProviders } from '../shared/people/oidcProvider.ts';

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const logPeriods: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
];

/** What `-c name=value` may say. Everything has a default; docs/deploy.md explains each. */
const settings = z
  .object({
    /** Names everything: `headgate-<stage>-…`. */
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,15}$/, 'lower case letters, digits and dashes, at most 16')
      .default('dev'),
    /** CIDRs and host names that connectors may dial although they are private. */
    allowedAddresses: list,
    /** Origins of web pages that may upload to the landing bucket with a presigned URL. */
    uploadOrigins: z
      .string()
      .default('*')
      .transform((text) => text.split(',').map((part) => part.trim())),
    /**
     * Concurrent invocations kept for, and allowed to, each API function (the authorizer gets twice as many),
     * so that runs never take the API's share; 0 keeps none (accounts with a small quota).
     */
    apiConcurrency: z.coerce.number().int().min(0).max(1000).default(50),
    /** Days after which log lines go: one of the periods CloudWatch knows. */
    logDays: z.coerce
      .number()
      .refine((days) => logPeriods.includes(days), `one of ${logPeriods.join(', ')}`)
      .default(30),
    maxUploadBytes: z.coerce
      .number()
      .int()
      .positive()
      .default(100 * 1024 ** 2),
    /** A plain CSV, JSON-lines or Parquet file of so many bytes is cut into parts of about as many. */
    fanOutBytes: z.coerce
      .number()
      .int()
      .positive()
      .default(256 * 1024 ** 2),
    /** More waiting files than this are loaded by several functions at a time. */
    fanOutFiles: z.coerce.number().int().positive().default(200),
    /** JSON list of OIDC issuers whose people may sign in; docs/access.md tells its fields. */
    oidc: z
      .string()
      .default('[]')
      .refine((text) => oidcProviders.safeParse(text).success, {
        error: ({ input }) => {
          const { error } = oidcProviders.safeParse(input);
          return error === undefined ? 'not valid' : z.prettifyError(error);
        },
      }),
    /** Who gets alerts about sources by e-mail; SNS asks each to confirm. */
    alertEmails: list,
    /** An SNS topic that alarms are sent to. */
    alarmTopicArn: z.string().startsWith('arn:').optional(),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]{8,17}$/)
      .optional(),
    /** Private subnets of `vpcId` with a way to the databases, to S3 and to DynamoDB. */
    subnetIds: list,
    /** A folder with DuckDB for Linux on arm64, made by `npm run deploy`. Left out: bundles carry none. */
    duckdbFolder: z.string().optional(),
    /** A folder with the built console, made by `npm run deploy`. Left out: no console is deployed. */
    consoleFolder: z.string().optional(),
  })
  .refine((value) => value.vpcId === undefined || value.subnetIds.length > 0, {
    path: ['subnetIds'],
    message: 'name the subnets too: -c subnetIds=subnet-1,subnet-2 (synthesis looks nothing up)',
  })
  .transform((value) => ({
    ...value,
    /** Whether data outlives its stack: always, except in stages made to be thrown away. */
    retain: !/^(dev|test|local)(-|$)/.test(value.stage),
  }));
export type Settings = z.infer<typeof settings>;

/** Its message is for a person: it names each setting that is wrong, and what it should be. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Reads the settings from the CDK context. Throws SettingsError. */
export function readSettings(contextValue: (name: string) => unknown): Settings {
  const names = [
    'stage',
    'allowedAddresses',
    'uploadOrigins',
    'apiConcurrency',
    'logDays',
    'maxUploadBytes',
    'fanOutBytes',
    'fanOutFiles',
    'alertEmails',
    'oidc',
    'alarmTopicArn',
    'vpcId',
    'subnetIds',
    'duckdbFolder',
    'consoleFolder',
  ];
  const parsed = settings.safeParse(
    Object.fromEntries(names.map((name) => [name, contextValue(name) ?? undefined])),
  );
  if (parsed.success) return parsed.data;
  throw new SettingsError(
    `context (-c name=value) is not valid:\n${z.prettifyError(parsed.error)}`,
  );
}
