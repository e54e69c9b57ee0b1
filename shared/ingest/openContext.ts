import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Context, LandedFiles } from '../connectors/connector.ts';
import { secretTexts } from '../connectors/secretFields.ts';
import { HeadgateError } from '../errors.ts';
import { sharedRateLimit } from '../http/sharedRateLimit.ts';
import type { Json } from '../json.ts';
import { accessTokens } from '../oauth/accessTokens.ts';
import type { SecretRef, SourceItem } from '../sources/sourceItem.ts';
import type { IngestDependencies } from './ingestDependencies.ts';

/** What a connector is handed, with every secret known to the log before the connector runs. */
export async function openContext(
  dependencies: IngestDependencies,
  source: Pick<SourceItem, 'tenant' | 'config' | 'secretRef'>,
  signal: AbortSignal,
  landing: (signal: AbortSignal) => LandedFiles | undefined,
  credentials?: Readonly<Record<string, Json>>,
): Promise<Context<unknown, unknown>> {
  const { connector, table, now, log } = dependencies;
  const { tenant, secretRef } = source;
  const secret = credentials ?? (await secretOf(dependencies, source, secretRef, signal));
  log.redact(secretTexts(connector.credentials, secret));
  const landed = landing(signal);
  const fetch = dependencies.createFetch(signal);
  const sleep = (milliseconds: number): Promise<void> => dependencies.sleep(milliseconds, signal);
  return {
    config: parse(connector.config, source.config, 'invalid_config', 'configuration'),
    credentials: parse(connector.credentials, secret, 'invalid_credentials', 'credentials'),
    fetch,
    resolveHost: dependencies.resolveHost,
    now,
    sleep,
    signal,
    log,
    accessToken: accessTokens({ table, tenant, fetch, now, sleep, signal, log }),
    ...(secretRef === null
      ? {}
      : {
          rateLimit: sharedRateLimit({
            table,
            tenant,
            credential: credentialName(secretRef),
            now,
            sleep,
            // Less than what is kept of an invocation's time for its end.
            longestWaitSeconds: 30,
          }),
        }),
    ...(landed === undefined ? {} : { landing: landed }),
  };
}

/** Sources that share a secret share its pace. */
const credentialName = ({ arn, jsonKey }: SecretRef): string =>
  createHash('sha256')
    .update(JSON.stringify([arn, jsonKey ?? null]))
    .digest('hex')
    .slice(0, 32);

async function secretOf(
  { readSecret }: IngestDependencies,
  { tenant }: Pick<SourceItem, 'tenant'>,
  ref: SecretRef | null,
  signal: AbortSignal,
): Promise<Json> {
  return ref === null ? {} : readSecret(tenant, ref, signal);
}

function parse(
  schema: z.ZodType,
  value: unknown,
  code: 'invalid_config' | 'invalid_credentials',
  what: string,
): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // zod's messages name fields and expectations, never the values.
  throw new HeadgateError(
    code,
    `The source's ${what} is not valid: ${z.prettifyError(parsed.error)}`,
    {
      fields: parsed.error.issues.map(({ path, message }) => ({
        pointer: `/${path.join('/')}`,
        detail: message,
      })),
    },
  );
}
