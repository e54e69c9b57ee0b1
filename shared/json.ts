import * as z from 'zod';

/** A value that survives JSON.stringify, DynamoDB and JSON.parse unchanged. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export const json: z.ZodType<Json> = z.json();
