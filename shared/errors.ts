/**
 * Every failure Headgate raises itself: one closed table, one class.
 *
 * `code` is stable: API clients switch on it, `docs/problems/<code>.md` explains it, a failed run stores it.
 * `status` is the HTTP status when the API answers with it. `retryable` says whether the state machine may
 * run the same step again; a failure the HTTP client already retried is not retryable here.
 */
export const errorTable = {
  // The API's own answers
  validation_failed: { status: 400, title: 'The request is not valid', retryable: false },
  invalid_credentials: {
    status: 400,
    title: 'The source refused the credentials',
    retryable: false,
  },
  invalid_config: { status: 400, title: 'The source configuration is not valid', retryable: false },
  unauthorized: { status: 401, title: 'No valid token was sent', retryable: false },
  forbidden: { status: 403, title: 'The token does not allow this', retryable: false },
  not_found: { status: 404, title: 'No such thing', retryable: false },
  key_exists: { status: 409, title: 'A source with this key exists', retryable: false },
  row_version_mismatch: {
    status: 409,
    title: 'The source was changed meanwhile',
    retryable: false,
  },
  sync_in_progress: { status: 409, title: 'A run of this source is in progress', retryable: false },
  queue_full: { status: 409, title: 'Another request is already waiting', retryable: false },
  run_finished: { status: 409, title: 'The run has already ended', retryable: false },
  cannot_undo: { status: 409, title: 'The run cannot be undone', retryable: false },
  cannot_retry: { status: 409, title: 'Nothing of the run is left to retry', retryable: false },
  file_exists: { status: 409, title: 'A file with this name exists', retryable: false },
  source_archived: { status: 409, title: 'The source is archived', retryable: false },
  idempotency_mismatch: {
    status: 409,
    title: 'This Idempotency-Key was used for a different request',
    retryable: false,
  },
  payload_too_large: { status: 413, title: 'The file is too large', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    retryable: false,
  },
  unprocessable_file: {
    status: 422,
    title: 'The file is not what it says it is',
    retryable: false,
  },
  name_missing: { status: 422, title: 'A name is missing', retryable: false },
  too_many_requests: { status: 429, title: 'Too many requests', retryable: true },
  service_unavailable: { status: 503, title: 'Headgate cannot answer right now', retryable: true },
  // What a source answered
  source_unreachable: { status: 503, title: 'The source did not answer', retryable: true },
  source_throttled: { status: 503, title: 'The source asked us to slow down', retryable: true },
  source_quota_exhausted: {
    status: 503,
    title: 'The quota at the source is used up',
    retryable: false,
  },
  source_forbidden: { status: 400, title: 'The source does not permit this', retryable: false },
  source_not_found: { status: 400, title: 'The source does not have this', retryable: false },
  source_answer_invalid: {
    status: 503,
    title: 'The source answered something unreadable',
    retryable: false,
  },
  cursor_expired: {
    status: 409,
    title: 'The source no longer has the changes since the cursor',
    retryable: false,
  },
  address_refused: { status: 400, title: 'The address is not allowed', retryable: false },
  // What ends a run
  file_unreadable: { status: 422, title: 'A file cannot be read', retryable: false },
  file_changed: { status: 409, title: 'A file changed while it was read', retryable: true },
  no_progress: { status: 500, title: 'The run made no progress', retryable: false },
  fence_lost: { status: 409, title: 'The run no longer holds its lock', retryable: false },
  not_reconciled: {
    status: 500,
    title: 'Rows read and rows accounted for differ',
    retryable: false,
  },
  schema_frozen: {
    status: 409,
    title: 'The schema is frozen and the source changed',
    retryable: false,
  },
  too_many_rejects: {
    status: 422,
    title: 'More rows were rejected than allowed',
    retryable: false,
  },
  run_cancelled: { status: 409, title: 'The run was cancelled', retryable: false },
  lease_expired: { status: 500, title: 'The run stopped reporting', retryable: false },
  queue_timeout: { status: 409, title: 'The run waited too long for its turn', retryable: false },
  max_hold_exceeded: {
    status: 500,
    title: 'The run held its lock longer than allowed',
    retryable: false,
  },
  out_of_memory: { status: 500, title: 'The function ran out of memory', retryable: false },
  internal_error: { status: 500, title: 'Headgate failed', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof errorTable;
export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** One bad place in a request: an RFC 6901 pointer into it and what is wrong there. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

export interface HeadgateErrorOptions extends ErrorOptions {
  /** Seconds until a retry makes sense. */
  readonly retryAfterSeconds?: number;
  readonly fields?: readonly FieldError[];
  /** Facts for the reader and for problem documents, e.g. `{ file, line, column }`. MUST NOT hold secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * `message` says what was wrong, where, and what to do, for a person; it MUST NOT hold secrets.
 * `name` is what Lambda reports to Step Functions, whose Retry matches `RetriableError`.
 */
export class HeadgateError extends Error {
  override readonly name: 'RetriableError' | 'PermanentError';
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly FieldError[];
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: HeadgateErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = errorTable[code].retryable ? 'RetriableError' : 'PermanentError';
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fields = options.fields ?? [];
    this.facts = options.facts ?? {};
  }
}

/** The code of any thrown value; what we did not raise ourselves is `internal_error`. */
export const errorCodeOf = (error: unknown): ErrorCode =>
  error instanceof HeadgateError ? error.code : 'internal_error';
