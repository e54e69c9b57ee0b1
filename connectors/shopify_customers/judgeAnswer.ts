import * as z from 'zod';
import type { Context } from '../../shared/connectors/connector.ts';
import { LostPlace } from '../../shared/connectors/rest/explainAnswer.ts';
import { type ErrorCode, HeadgateError } from '../../shared/errors.ts';
import { type Json, json } from '../../shared/json.ts';

/** Quarterly, each kept for a year. https://shopify.dev/docs/api/usage/versioning */
export const apiVersion = '2026-07';

const answer = z.object({
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.object({ code: z.string().optional() }).optional(),
      }),
    )
    .optional(),
  extensions: z
    .object({
      cost: z.object({
        requestedQueryCost: z.number(),
        throttleStatus: z.object({
          maximumAvailable: z.number(),
          currentlyAvailable: z.number(),
          restoreRate: z.number(),
        }),
      }),
    })
    .optional()
    .catch(undefined),
  data: json.optional(),
});
type Answer = z.infer<typeof answer>;

const meanings: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  THROTTLED: ['source_throttled', ''],
  INTERNAL_SERVER_ERROR: ['source_unreachable', ''],
  ACCESS_DENIED: [
    'source_forbidden',
    'Give the app the scope read_customers, and ask Shopify for access to protected customer data.',
  ],
  SHOP_INACTIVE: ['source_forbidden', 'The shop is not active.'],
};

/**
 * What Shopify says inside an answer of success: errors with codes, and how long to wait for a query's cost.
 * https://shopify.dev/docs/api/admin-graphql/latest#status_and_error_codes
 */
export function judgeAnswer(
  body: Json,
  response: Response,
  { log }: Context<unknown, unknown>,
): void {
  const parsed = answer.safeParse(body);
  if (!parsed.success) return;
  const { errors } = parsed.data;
  const version = response.headers.get('x-shopify-api-version');
  if (version !== null && version !== apiVersion)
    log.warn('Shopify answers with another version of its API', { asked: apiVersion, version });
  const error = errors?.[0];
  if (error === undefined) return;
  const code = error.extensions?.code ?? '';
  const [meaning, advice] = meanings[code] ?? (['source_answer_invalid', ''] as const);
  const message = error.message.slice(0, 300);
  throw new HeadgateError(
    meaning,
    `Shopify answered ${code === '' ? 'an error' : code}: ${message}${advice === '' ? '' : ` ${advice}`}`,
    {
      facts: { error: code },
      ...(meaning === 'source_throttled' ? { retryAfterSeconds: waitSeconds(parsed.data) } : {}),
      ...(/invalid cursor/i.test(message) ? { cause: new LostPlace() } : {}),
    },
  );
}

/** Until the bucket holds what the query costs; a second where Shopify does not tell. */
function waitSeconds({ extensions }: Answer): number {
  if (extensions === undefined) return 1;
  const { requestedQueryCost, throttleStatus } = extensions.cost;
  const missing = requestedQueryCost - throttleStatus.currentlyAvailable;
  return Math.max(1, Math.ceil(missing / throttleStatus.restoreRate));
}
