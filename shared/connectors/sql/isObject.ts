import type { Json } from '../../json.ts';

/** Whether a part of an answer is an object with named members. */
export const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
