import { NoAnswerError, ProblemError } from '../../client/problemError.ts';

/** What went wrong for a person, with the problem’s title where its text alone would not say. */
export function describeError(error: unknown): string {
  if (error instanceof ProblemError) {
    const { title, detail, errors } = error.problem;
    const fields = errors?.map(({ pointer, detail: text }) => `${pointer.slice(2)}: ${text}`) ?? [];
    return [detail ?? title, ...fields.filter((text) => !(detail ?? '').includes(text))].join(' ');
  }
  if (error instanceof NoAnswerError) return 'Headgate does not answer. Check your connection.';
  return error instanceof Error ? error.message : String(error);
}

/** The parts of a request that are wrong, by JSON pointer without `#`: `/config/host` → text. */
export function fieldErrorsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ProblemError)) return {};
  return Object.fromEntries(
    (error.problem.errors ?? []).map(({ pointer, detail }) => [pointer.replace(/^#/, ''), detail]),
  );
}
