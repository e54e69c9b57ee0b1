import * as z from 'zod';
import { auditAction } from '../../audit/auditItem.ts';
import { json } from '../../json.ts';

export const auditEntry = z
  .strictObject({
    id: z.string(),
    at: z.iso.datetime(),
    by: z.string().describe('Id of the token, or of the person who signed in.'),
    requestId: z.string(),
    action: auditAction,
    subject: z.string().describe('Source, run, file, token or webhook.'),
    before: json.nullable().describe('The changed fields as they were, secrets left out.'),
    after: json.nullable().describe('The changed fields as they are, secrets left out.'),
  })
  .meta({ id: 'AuditEntry' });

export const auditFilters = {
  action: auditAction.optional(),
  subject: z.string().min(1).max(1100).optional(),
  by: z.string().min(1).max(300).optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('From this instant on.'),
  to: z.iso.datetime({ offset: true }).optional().describe('Before this instant.'),
};
