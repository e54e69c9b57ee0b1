import { HeadgateError } from '../errors.ts';
import type { CheckResult } from './connector.ts';

/** The answer of a check that an error ended; throws what is no answer. */
export function failedCheck(error: unknown): CheckResult {
  if (error instanceof HeadgateError && isCheckCode(error.code))
    return { ok: false, code: error.code, message: error.message };
  throw error;
}

const checkCodes = [
  'invalid_credentials',
  'invalid_config',
  'source_forbidden',
  'source_not_found',
  'source_unreachable',
  'address_refused',
] as const;
type CheckCode = (typeof checkCodes)[number];
const isCheckCode = (code: string): code is CheckCode =>
  (checkCodes as readonly string[]).includes(code);
