import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorCodes, errorTable } from '../../shared/errors.ts';

const pages = readdirSync('docs/problems');

it('has a page for every error code and for nothing else', () => {
  expect(pages.toSorted()).toEqual(errorCodes.map((code) => `${code}.md`).toSorted());
});

it.each(errorCodes)('%s: says title, status, what happened and what to do', (code) => {
  const { title, status, retryable } = errorTable[code];
  const page = readFileSync(`docs/problems/${code}.md`, 'utf8');
  expect(page).toMatch(new RegExp(`^# ${title}\n`));
  expect(page).toContain(
    `\`${code}\` · HTTP status ${status} · ${retryable ? 'a retry may help' : 'a retry alone does not help'}`,
  );
  for (const heading of ['What happened', 'What to do']) {
    const text = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0]?.trim() ?? '';
    expect(text.length).toBeGreaterThan(20);
  }
});
