/**
 * A state failed: `name` is the Error and `cause` the Cause that Retry, Catch, histories and
 * DescribeExecution show. AWS cuts them at 256 and 32,768 characters.
 */
export class StateError extends Error {
  override readonly name: string;
  override readonly cause: string;
  /** The field of the state whose expression failed, e.g. `Output/rows`. */
  readonly location: string | undefined;
  constructor(name: string, cause: string, location?: string) {
    super(`${name}: ${cause}`);
    this.name = name.slice(0, 256);
    this.cause = cause.slice(0, 32_768);
    this.location = location;
  }
}

/** An execution was stopped from outside, or a sibling branch failed: no Retry or Catch sees it. */
export class Interrupted extends Error {
  readonly kind: 'stopped' | 'timedOut' | 'sibling' | 'closing';
  readonly error: string | null;
  readonly causeText: string | null;
  constructor(kind: Interrupted['kind'], error: string | null = null, cause: string | null = null) {
    super(kind);
    this.kind = kind;
    this.error = error;
    this.causeText = cause;
  }
}

/** Never retried, never caught, whatever a handler names. */
const final = new Set(['States.Runtime']);
/** Only caught by name. */
const notInAll = new Set(['States.DataLimitExceeded']);
const timeouts = new Set(['States.Timeout', 'States.HeartbeatTimeout']);

/**
 * Whether a Retry or Catch that names `names` takes an error.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export const handles = (names: readonly string[], error: string): boolean =>
  !final.has(error) &&
  names.some(
    (name) =>
      name === error ||
      (name === 'States.ALL' && !notInAll.has(error)) ||
      (name === 'States.TaskFailed' && !timeouts.has(error) && !notInAll.has(error)) ||
      (name === 'States.Timeout' && timeouts.has(error)),
  );
