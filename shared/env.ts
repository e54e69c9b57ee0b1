import * as z from 'zod';
import { oidcProviders } from './people/oidcProvider.ts';

const name = z.string().min(1);

/** For functions that check who signed in. */
const people = {
  /** JSON: issuers whose people may sign in. */
  OIDC_PROVIDERS: oidcProviders,
  /** Comma-separated CIDRs and host names of issuers that may be asked although they are private. */
  ALLOWED_ADDRESSES: z.string().default(''),
};

/**
 * JSON: a vendor's origin → the one dialled in its place. For simulators and proxies of an operator's choice; the template
 * leaves it out.
 */
const vendorOrigins = z
  .string()
  .transform((text) => z.record(z.url(), z.url()).parse(JSON.parse(text)))
  .optional();

/**
 * The environment of each function: the CDK construct sets exactly these (typed by it), the function's
 * `main.ts` parses exactly these, and nobody else reads `process.env`.
 */
export const functionEnv = {
  ingest: z.object({
    TABLE_NAME: name,
    LANDING_BUCKET: name,
    LAKE_BUCKET: name,
    /** Comma-separated CIDRs and host names that may be dialled although they are private. */
    ALLOWED_ADDRESSES: z.string().default(''),
    STAGE: name,
    VENDOR_ORIGINS: vendorOrigins,
    /** Units of one run that work side by side. */
    FAN_OUT_CONCURRENCY: z.coerce.number().int().positive(),
    /** Files from this size on are cut into parts of about it. */
    FAN_OUT_BYTES: z.coerce.number().int().positive(),
    /** More waiting files than this are shared out. */
    FAN_OUT_FILES: z.coerce.number().int().positive(),
    /** Set by Lambda itself. */
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().positive(),
  }),
  commit: z.object({ TABLE_NAME: name, LAKE_BUCKET: name, STATE_MACHINE_ARN: name }),
  fail: z.object({ TABLE_NAME: name, STATE_MACHINE_ARN: name }),
  reaper: z.object({
    TABLE_NAME: name,
    STATE_MACHINE_ARN: name,
    /** Where it removes what deleted sources left. */
    LANDING_BUCKET: name,
    LAKE_BUCKET: name,
  }),
  scheduleTrigger: z.object({ TABLE_NAME: name, STATE_MACHINE_ARN: name }),
  fileArrival: z.object({ TABLE_NAME: name, LANDING_BUCKET: name, STATE_MACHINE_ARN: name }),
  glueMirror: z.object({ LAKE_BUCKET: name, GLUE_DATABASE: name }),
  preview: z.object({ TABLE_NAME: name, LAKE_BUCKET: name }),
  authorizer: z.object({
    TABLE_NAME: name,
    /** Secret whose whole value is the bootstrap admin token (plain text). Read at most once a minute. */
    ADMIN_TOKEN_SECRET_ARN: name,
    ...people,
  }),
  apiCatalog: z.object({ TABLE_NAME: name, STAGE: name }),
  apiSources: z.object({
    TABLE_NAME: name,
    /** Ingest functions are called `<prefix><connector>`. */
    INGEST_FUNCTION_PREFIX: name,
    SCHEDULE_GROUP: name,
    SCHEDULE_ROLE_ARN: name,
    SCHEDULE_TARGET_ARN: name,
    SCHEDULE_DLQ_ARN: name,
    /** `headgate/<stage>/`; the tenant follows. */
    SECRET_PREFIX: name,
    ALLOWED_ADDRESSES: z.string().default(''),
    /** Of vendors' token endpoints. */
    VENDOR_ORIGINS: vendorOrigins,
  }),
  apiRuns: z.object({ TABLE_NAME: name, STATE_MACHINE_ARN: name, LAKE_BUCKET: name }),
  apiFiles: z.object({
    TABLE_NAME: name,
    LANDING_BUCKET: name,
    STATE_MACHINE_ARN: name,
    MAX_UPLOAD_BYTES: z.coerce.number().int().positive(),
  }),
  apiTables: z.object({ TABLE_NAME: name, PREVIEW_FUNCTION: name }),
  apiTokens: z.object({ TABLE_NAME: name, ...people }),
  apiEvents: z.object({
    TABLE_NAME: name,
    /** `wss://…`, where clients connect to. */
    LIVE_URL: name,
    /** `headgate-notify/<stage>/`; the tenant follows. */
    NOTIFY_SECRET_PREFIX: name,
    DELIVERIES_URL: name,
  }),
  webhooks: z.object({
    TABLE_NAME: name,
    NOTIFY_SECRET_PREFIX: name,
    /** Of the queue that it reads, too: what failed is put back. */
    DELIVERIES_URL: name,
    ALLOWED_ADDRESSES: z.string().default(''),
  }),
  alerts: z.object({ TABLE_NAME: name, DELIVERIES_URL: name, ALERT_TOPIC_ARN: name }),
  eventPublisher: z.object({
    TABLE_NAME: name,
    /** `https://…`, where messages to connections are posted. */
    SOCKETS_URL: name,
    /** `source` of events on the bus. */
    EVENT_SOURCE: name,
  }),
  webSocket: z.object({
    TABLE_NAME: name,
    SOCKETS_URL: name,
    ADMIN_TOKEN_SECRET_ARN: name,
    ...people,
  }),
} as const;

export type FunctionName = keyof typeof functionEnv;
export type FunctionEnv<Name extends FunctionName> = z.infer<(typeof functionEnv)[Name]>;

/** Parses a function's environment once; says which variable is missing. */
export function readEnv<Name extends FunctionName>(
  function_: Name,
  variables: Readonly<Record<string, string | undefined>>,
): FunctionEnv<Name> {
  const parsed = functionEnv[function_].safeParse(variables);
  if (parsed.success) return parsed.data as FunctionEnv<Name>;
  throw new Error(`environment of ${function_}: ${z.prettifyError(parsed.error)}`);
}
