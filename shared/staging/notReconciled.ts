import { HeadgateError } from '../errors.ts';

/** Counts that must agree do not: nothing of it is committed. */
export const notReconciled = (
  name: string,
  what: string,
  facts: Readonly<Record<string, unknown>>,
): HeadgateError =>
  new HeadgateError('not_reconciled', `${name} was not loaded: ${what}. Please report this.`, {
    facts: { file: name, ...facts },
  });
