import * as z from 'zod';

const topic = z.string().regex(/^[A-Za-z0-9._-]{1,249}$/, 'not the name of a topic');

/** Settings every log shares; spread into its config. */
export const logOptions = {
  topics: z.array(topic).max(1_000).default([]).meta({
    title: 'Topics',
    description: 'Topics that are offered. Left out: every topic the user may read.',
  }),
  compacted: z.array(topic).max(1_000).default([]).meta({
    title: 'Topics by key',
    description:
      'Topics whose records replace earlier ones of the same key, and whose empty values delete: the table has one row per key. Of other topics it has one row per record.',
  }),
  startFrom: z.enum(['earliest', 'latest']).default('earliest').meta({
    title: 'Start from',
    description:
      'Where the first incremental read of a partition begins: at the earliest record that is kept, or at the end.',
  }),
  onGap: z.enum(['fail', 'skip']).default('fail').meta({
    title: 'When records are gone',
    description:
      'Records that were dropped by retention before they were read: fail says how many and stops, skip goes on with those that are left.',
  }),
};

const logOptionsObject = z.object(logOptions);
export type LogOptions = z.infer<typeof logOptionsObject>;
