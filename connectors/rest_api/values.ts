import * as z from 'zod';

/** Without line breaks and other controls, which would end a header. */
const plainText = z
  .string()
  .max(2_000)
  .regex(/^[^\p{Cc}]*$/u, 'holds control characters');

/** A text, or a reference to one of the credentials’ `secrets`. */
export const secretOrText = z.union([
  plainText,
  z.strictObject({ secret: z.string().regex(/^[A-Za-z0-9_-]{1,50}$/) }),
]);
export type SecretOrText = z.infer<typeof secretOrText>;

/** Dotted names from the outside in; `\.` is a dot in a name. */
export const path = z.string().max(300);

/** Where a value goes. */
export const parameter = z.strictObject({
  in: z.enum(['query', 'header', 'body']).default('query'),
  name: z.string().min(1).max(200),
});
export type Parameter = z.infer<typeof parameter>;

export const timeFormat = z.enum(['iso', 'epochSeconds', 'epochMilliseconds']);
