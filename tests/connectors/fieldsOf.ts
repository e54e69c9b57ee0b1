import * as z from 'zod';

/** A field as a form shows it. */
export interface FieldOfForm {
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly secret: boolean;
}

/** The top-level fields of a schema, as forms are made of them. */
export function fieldsOf(schema: z.ZodType): readonly FieldOfForm[] {
  const { properties } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties ?? {}).map(([name, property]) => {
    const { title, description, secret } = property as Record<string, unknown>;
    return {
      name,
      title: typeof title === 'string' ? title : undefined,
      description: typeof description === 'string' ? description : undefined,
      secret: secret === true,
    };
  });
}
