import * as z from 'zod';

/** What Headgate reads of API Gateway's payload format 2.0. */
export const apiEvent = z.object({
  routeKey: z.string(),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string().optional()).default({}),
  pathParameters: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({
    requestId: z.string().default(''),
    authorizer: z.object({ lambda: z.unknown() }).optional(),
  }),
});
export type ApiEvent = z.infer<typeof apiEvent>;

/** Answer of a function behind an HTTP API, payload format 2.0. */
export interface ApiResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
