import type * as z from 'zod';
import type { FunctionName } from '../env.ts';
import type { ErrorCode } from '../errors.ts';
import type { Role } from './schemas/token.ts';

/** Functions that answer HTTP requests. */
export type ApiFunction = Extract<FunctionName, `api${string}`>;

/**
 * One operation of the API as data. The router, request validation, role checks, the OpenAPI document, the
 * generated client and API Gateway's routes are all made from it.
 */
export interface Route {
  /** camelCase, unique; the name of the generated client's method. */
  readonly operationId: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in API Gateway's route keys: `{name}`, or `{name+}` for the rest of the path; a tail may follow: `{name+}/reload`. */
  readonly path: `/${string}`;
  readonly function: ApiFunction;
  /** The least role that may call it. */
  readonly role: Role;
  /** Answers without a token. */
  readonly public?: true;
  readonly summary: string;
  readonly description?: string;
  /** Path parameters by name. MUST have exactly the names in `path`. */
  readonly params?: z.ZodObject;
  /** Values arrive as text; schemas coerce. */
  readonly query?: z.ZodObject;
  /** Request headers beyond `Authorization`, lower-case names. */
  readonly headers?: z.ZodObject;
  /** JSON body; strict, so that an unknown field is named. */
  readonly body?: z.ZodType;
  /** The status of each success and its body; null has none. */
  readonly responses: Readonly<Record<number, z.ZodType | null>>;
  /** Where what was made can be found: a path whose `{name}`s are fields of the answer. */
  readonly location?: `/${string}`;
  /** What it may answer besides 401, 403 (when not public), 400, 429, 500 and 503, which any operation may. */
  readonly errors: readonly ErrorCode[];
}

/** What follows `{name+}` in a path: `/reload`. API Gateway knows no such thing, so the function tells by it. */
export const tailOf = ({ path }: Pick<Route, 'path'>): string => path.split('+}')[1] ?? '';

/** The path of API Gateway's route, which operations with different tails share. */
export const gatewayPath = ({ path }: Pick<Route, 'path'>): string =>
  path.slice(0, path.length - tailOf({ path }).length);

/** API Gateway's route key, and what `event.routeKey` says. */
export const routeKey = (route: Pick<Route, 'method' | 'path'>): string =>
  `${route.method} ${gatewayPath(route)}`;
