import * as z from 'zod';

/** What a token may do; each role includes those before it. */
export const role = z.enum(['viewer', 'editor', 'admin']);
export type Role = z.infer<typeof role>;

export const token = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    role,
    sources: z
      .array(z.string())
      .nullable()
      .describe('Ids of the only sources it may touch; null is all.'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('Exact to about five minutes.'),
  })
  .meta({ id: 'Token' });
export type TokenView = z.infer<typeof token>;

export const createToken = z
  .strictObject({
    name: z.string().trim().min(1).max(100),
    role: role.default('viewer'),
    sources: z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(50)
      .optional()
      .describe('Ids or keys of the only sources it may touch. Left out: all.'),
    expiresAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Left out: valid until revoked.'),
  })
  .meta({ id: 'CreateToken' });

export const createdToken = token
  .extend({ token: z.string().describe('Shown only now; Headgate keeps its hash.') })
  .meta({ id: 'CreatedToken' });

/** Who the request's token is. */
export const me = z
  .strictObject({
    tenant: z.string(),
    role,
    tokenId: z.string(),
    sources: z.array(z.string()).nullable(),
  })
  .meta({ id: 'Me' });
