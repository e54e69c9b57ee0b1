/** What `headgate` ends with. Documented in docs/cli.md; scripts rely on it. */
export const exitCodes = {
  done: 0,
  /** A fault of Headgate or of this program. */
  failure: 1,
  /** Unknown command or option, a missing value, a confirmation that nobody could give. */
  usage: 2,
  /** 401 and 403, or not logged in. */
  refused: 3,
  notFound: 4,
  /** 409: something is in the way. */
  conflict: 5,
  /** 400, 413, 415, 422: what was sent is not right. */
  invalid: 6,
  /** No answer, 429, 503: try again later. */
  unavailable: 7,
  /** The run ended, and not as a success; or a connection test failed. */
  runFailed: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeOfStatus = (status: number): ExitCode => {
  if (status === 401 || status === 403) return exitCodes.refused;
  if (status === 404) return exitCodes.notFound;
  if (status === 409) return exitCodes.conflict;
  if (status === 429 || status === 503) return exitCodes.unavailable;
  return status < 500 ? exitCodes.invalid : exitCodes.failure;
};
