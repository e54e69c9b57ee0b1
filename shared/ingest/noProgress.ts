import { HeadgateError } from '../errors.ts';

/** The run would go on for ever. `why` completes "… was ended because". */
export const noProgress = (why: string): HeadgateError =>
  new HeadgateError('no_progress', `The run was ended because ${why}.`);
