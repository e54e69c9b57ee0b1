import { type ErrorCode, HeadgateError } from '../../errors.ts';
import { retryAfterMilliseconds } from '../../http/retryAfter.ts';
import { plainUrl } from '../../http/safeUrl.ts';
import type { Json } from '../../json.ts';
import { hideSecrets } from '../hideSecrets.ts';
import { allAt, at } from './paths.ts';
import type { RestErrorRule, RestSpec } from './restSpec.ts';

const longestMessage = 300;

/** A list whose place was lost is begun again. */
export class LostPlace extends Error {
  override readonly name = 'LostPlace';
}

function fits(rule: RestErrorRule, status: number, body: Json): boolean {
  if (rule.status !== undefined && !rule.status.includes(status)) return false;
  if (rule.at === undefined) return true;
  const found = allAt(body, rule.at);
  const { is, has } = rule;
  return found.some(
    (value) =>
      (is === undefined || is.includes(value)) &&
      (has === undefined || (typeof value === 'string' && value.includes(has))),
  );
}

const meanings: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  401: ['invalid_credentials', 'Check the credentials.'],
  403: ['source_forbidden', 'The credentials lack a permission.'],
  404: ['source_not_found', 'Check the names in the configuration.'],
  410: ['source_not_found', 'What was asked for is gone.'],
};

/**
 * What an answer that is no success means: the spec's first rule that fits, else the status. The source's own message is
 * quoted in part, without the given secrets.
 */
export function explainAnswer<Config, Credentials>(
  spec: Pick<RestSpec<Config, Credentials>, 'title' | 'errors' | 'errorMessage'>,
  request: { readonly method: string; readonly url: URL },
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  body: Json,
  secrets: readonly string[],
  now: Date,
): HeadgateError {
  const rule = spec.errors?.find((candidate) => fits(candidate, status, body));
  const where = `${spec.title} answered ${status} to ${request.method} ${request.url.pathname}`;
  const [code, advice] = rule
    ? ([rule.code, rule.advice ?? ''] as const)
    : (meanings[status] ?? (['source_answer_invalid', ''] as const));
  const quoted = quote(spec.errorMessage === undefined ? undefined : at(body, spec.errorMessage));
  const message = [
    quoted === '' ? `${where}.` : `${where}: ${ended(hide(quoted, secrets))}`,
    ...(advice === '' ? [] : [advice]),
  ].join(' ');
  const wait = retryAfterMilliseconds(headers.get('retry-after'), now);
  return new HeadgateError(code, message, {
    ...(wait === null ? {} : { retryAfterSeconds: Math.ceil(wait / 1000) }),
    facts: { method: request.method, url: plainUrl(request.url), status },
    ...(rule?.lostPlace === true ? { cause: new LostPlace() } : {}),
  });
}

const quote = (value: Json | undefined): string =>
  typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : '';

const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

/** The text without secrets, cut to a length only afterwards, so that no part of one is left. */
export function hide(text: string, secrets: readonly string[]): string {
  const hidden = hideSecrets(text, secrets);
  return hidden.length > longestMessage ? `${hidden.slice(0, longestMessage)}…` : hidden;
}
