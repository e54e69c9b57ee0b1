import type { Problem } from './generated.ts';

/** An answer that is no success: the API's problem document, or what stands for one. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly status: number;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.status = problem.status;
  }

  get code(): Problem['code'] {
    return this.problem.code;
  }
}

/** No answer came at all: wrong address, no network, nothing listening. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** Codes for answers that something before the API gave, which knows no problem documents. */
const codes: Readonly<Record<number, Problem['code']>> = {
  400: 'validation_failed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  500: 'internal_error',
  503: 'service_unavailable',
};

/** The problem in an answer, whoever gave it. */
export async function problemIn(response: Response): Promise<Problem> {
  const text = await response.text();
  const body = parse(text);
  if (isProblem(body)) return body;
  const code = codes[response.status] ?? (response.status >= 500 ? 'internal_error' : 'not_found');
  const said =
    typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
  return {
    type: 'about:blank',
    title: said === '' ? `HTTP status ${response.status}` : said,
    status: response.status,
    code,
  };
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  'status' in body &&
  typeof body.status === 'number';

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
