import { HeadgateError } from '../errors.ts';

/** A file that is not what it says, is damaged, or breaks a limit. Nothing of it is loaded. */
export const fileUnreadable = (
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): HeadgateError =>
  new HeadgateError('file_unreadable', message, {
    facts,
    ...(cause === undefined ? {} : { cause }),
  });
