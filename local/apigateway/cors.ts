import type { HttpApiRequest } from './httpApiEvent.ts';

/** As in the template; left out means none. */
export interface CorsConfiguration {
  /** `*`, `http://*`, `https://*` or whole origins. */
  readonly allowOrigins?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly allowCredentials?: boolean;
}

type Headers = Readonly<Record<string, string>>;

/** With CORS configured the gateway answers preflights itself, before routes and authorizers. */
export const isPreflight = (request: HttpApiRequest): boolean =>
  request.method === 'OPTIONS' &&
  'origin' in request.headers &&
  'access-control-request-method' in request.headers;

/** Headers of the answer to a preflight; none of them when the origin is not allowed. */
export function preflightHeaders(cors: CorsConfiguration, request: HttpApiRequest): Headers {
  const common = originHeaders(cors, request);
  if (Object.keys(common).length === 0) return {};
  return {
    ...common,
    ...list('access-control-allow-methods', cors.allowMethods),
    ...list('access-control-allow-headers', cors.allowHeaders),
    ...(cors.maxAgeSeconds === undefined
      ? {}
      : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
  };
}

/** Headers added to every other answer; they replace a function's own. */
export function corsHeaders(cors: CorsConfiguration, request: HttpApiRequest): Headers {
  const common = originHeaders(cors, request);
  if (Object.keys(common).length === 0) return {};
  return { ...common, ...list('access-control-expose-headers', cors.exposeHeaders) };
}

function originHeaders(cors: CorsConfiguration, { headers }: HttpApiRequest): Headers {
  const origin = headers['origin'];
  const allowed = cors.allowOrigins?.find(
    (candidate) =>
      candidate === '*' ||
      candidate === origin ||
      (candidate.endsWith('://*') && origin?.startsWith(candidate.slice(0, -1))),
  );
  if (origin === undefined || allowed === undefined) return {};
  return {
    'access-control-allow-origin': allowed === '*' ? '*' : origin,
    ...(allowed === '*' ? {} : { vary: 'origin' }),
    ...(cors.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}

const list = (name: string, values: readonly string[] | undefined): Headers =>
  values === undefined || values.length === 0 ? {} : { [name]: values.join(',') };
