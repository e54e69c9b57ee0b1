import * as z from 'zod';
import { AssemblyError } from './resolveIntrinsics.ts';
import type { ResourceReference } from './resourceNames.ts';

/** One resource of a template, its properties resolved. */
export interface Resource {
  readonly reference: ResourceReference;
  readonly type: string;
  readonly properties: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** `<stack>/<logical id>`, for errors. */
  readonly place: string;
}

/** Checks and reads a resource's properties; throws AssemblyError that names the resource and each bad property. */
export function readProperties<Schema extends z.ZodType>(
  resource: Resource,
  schema: Schema,
): z.infer<Schema> {
  const parsed = schema.safeParse(resource.properties);
  if (parsed.success) return parsed.data;
  throw new AssemblyError(`${resource.place} (${resource.type})`, z.prettifyError(parsed.error));
}
