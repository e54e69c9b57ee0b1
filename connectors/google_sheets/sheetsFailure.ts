import * as z from 'zod';
import { HeadgateError } from '../../shared/errors.ts';
import type { SheetsContext } from './sheetsClient.ts';

const refusal = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().default(''),
    details: z.array(z.object({ reason: z.string().optional() }).loose()).optional(),
  }),
});

/** What a refusal of Google Sheets or Drive is called. */
export async function sheetsFailure(
  response: Response,
  { credentials }: SheetsContext,
  tab: string | undefined,
): Promise<HeadgateError> {
  const { status } = response;
  const parsed = refusal.safeParse(await response.json().catch(() => null));
  const { message = '', status: name = '', details = [] } = parsed.data?.error ?? {};
  const reasons = details.flatMap(({ reason }) => reason ?? []);
  const failure = (code: HeadgateError['code'], says: string): HeadgateError =>
    new HeadgateError(code, says, { facts: { status, google: name, reasons } });
  if (status === 401)
    return failure('invalid_credentials', 'Google does not take the token. Connect again.');
  if (status === 403) {
    if (reasons.includes('SERVICE_DISABLED') || /has not been used|is disabled/.test(message))
      return failure(
        'source_forbidden',
        'Turn the Google Sheets API and the Google Drive API on in your Google Cloud project.',
      );
    if (reasons.includes('ACCESS_TOKEN_SCOPE_INSUFFICIENT'))
      return failure(
        'source_forbidden',
        'Connect again and agree to the scopes spreadsheets.readonly and drive.metadata.readonly.',
      );
    const reader = emailOf(credentials.serviceAccount) ?? 'the person who connected it';
    return failure(
      'source_forbidden',
      `The spreadsheet is not shared with ${reader}. Share it, reading is enough.`,
    );
  }
  if (status === 404)
    return failure('source_not_found', 'There is no such spreadsheet. Check its address.');
  if (status === 400 && /parse range/i.test(message))
    return failure(
      'source_not_found',
      `The spreadsheet has no tab "${tab ?? ''}" any more. Was it renamed?`,
    );
  if (status === 400 && name === 'FAILED_PRECONDITION')
    return failure(
      'invalid_config',
      'This is an Excel file that lies in Google Drive. Open it, and choose File › Save as Google Sheets.',
    );
  return failure(
    'source_answer_invalid',
    `Google Sheets did not accept the request (${status} ${name}).`,
  );
}

function emailOf(key: string | undefined): string | null {
  try {
    const { client_email } = JSON.parse(key ?? '') as { client_email?: unknown };
    return typeof client_email === 'string' ? client_email : null;
  } catch {
    return null;
  }
}
