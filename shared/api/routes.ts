import type * as z from 'zod';
import type { ApiFunction } from './route.ts';
import { catalogRoutes } from './routes/catalogRoutes.ts';
import { eventRoutes } from './routes/eventRoutes.ts';
import { fileRoutes } from './routes/fileRoutes.ts';
import { runRoutes } from './routes/runRoutes.ts';
import { schemaRoutes } from './routes/schemaRoutes.ts';
import { sourceRoutes } from './routes/sourceRoutes.ts';
import { tableRoutes } from './routes/tableRoutes.ts';
import { tokenRoutes } from './routes/tokenRoutes.ts';
import { webhookRoutes } from './routes/webhookRoutes.ts';

/** Every operation of Headgate's HTTP API. */
export const routes = [
  ...catalogRoutes,
  ...sourceRoutes,
  ...runRoutes,
  ...schemaRoutes,
  ...fileRoutes,
  ...tableRoutes,
  ...tokenRoutes,
  ...eventRoutes,
  ...webhookRoutes,
] as const;

export type AnyRoute = (typeof routes)[number];
export type OperationId = AnyRoute['operationId'];
export type RouteOf<Id extends OperationId> = Extract<AnyRoute, { operationId: Id }>;
/** The operations one function answers. */
export type OperationsOf<Function extends ApiFunction> = Extract<
  AnyRoute,
  { function: Function }
>['operationId'];

type Parsed<R, Part extends string> = R extends { readonly [Key in Part]: infer Schema }
  ? Schema extends z.ZodType
    ? z.infer<Schema>
    : undefined
  : undefined;

/** The validated parts of a request. */
export interface InputOf<Id extends OperationId> {
  readonly params: Parsed<RouteOf<Id>, 'params'>;
  readonly query: Parsed<RouteOf<Id>, 'query'>;
  readonly headers: Parsed<RouteOf<Id>, 'headers'>;
  readonly body: Parsed<RouteOf<Id>, 'body'>;
}

/** The body of an operation's success. */
export type OutputOf<Id extends OperationId> =
  RouteOf<Id>['responses'][keyof RouteOf<Id>['responses']] extends infer Schema
    ? Schema extends z.ZodType
      ? z.infer<Schema>
      : null
    : never;
