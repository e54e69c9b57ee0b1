import * as z from 'zod';

/** What goes back to the client. */
export interface HttpApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

const headerValue = z.union([z.string(), z.number(), z.boolean()]);
const structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(headerValue)).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Belong to the connection between client and gateway, not to the function. */
const connectionHeaders = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The gateway's own answers, e.g. `{"message":"Not Found"}`. */
export const messageAnswer = (status: number, message: string): HttpApiAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message })),
});

/**
 * Reads what a function answered, payload format 2.0: an object with a `statusCode`, or anything else,
 * which becomes the body of a 200. An answer the gateway cannot read is a bare 500, as on AWS.
 */
export function readFunctionAnswer(answer: unknown): HttpApiAnswer {
  const isStructured = typeof answer === 'object' && answer !== null && 'statusCode' in answer;
  if (!isStructured)
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    };
  const parsed = structured.safeParse(answer);
  if (!parsed.success) return messageAnswer(500, 'Internal Server Error');
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = parsed.data;
  const sent: Record<string, string | readonly string[]> = {};
  for (const [name, values] of Object.entries(multiValueHeaders ?? {}))
    sent[name.toLowerCase()] = values.map(String).join(',');
  for (const [name, value] of Object.entries(headers ?? {}))
    sent[name.toLowerCase()] = String(value);
  for (const name of connectionHeaders) delete sent[name];
  if (cookies && cookies.length > 0) sent['set-cookie'] = cookies;
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > 0) sent['content-type'] ??= 'text/plain;charset=utf-8';
  return { status: statusCode, headers: sent, body: bytes };
}
