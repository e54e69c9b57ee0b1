/**
 * Whether a file's name matches a pattern: `*` within a folder, `**` across folders, `?` one character, `{a,b}`
 * either (a hundred alternatives at most). Compares as written, capitals included. A pattern without `/` is meant for the last part of the name.
 * Takes time proportional to both lengths at most, whatever the pattern.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  const target = pattern.includes('/') ? name : (name.split('/').at(-1) ?? name);
  return expandBraces(pattern)
    .take(mostAlternatives)
    .some((plain) => matchesPlain(target, tokensOf(plain)));
}

/** More alternatives are refused where a pattern is configured. */
const mostAlternatives = 100;

/** Whether a pattern stands for few enough alternatives to be tried one by one. */
export const isGlob = (pattern: string): boolean =>
  expandBraces(pattern)
    .take(mostAlternatives + 1)
    .toArray().length <= mostAlternatives;

function* expandBraces(pattern: string): Generator<string, undefined> {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) {
    yield pattern;
    return;
  }
  const [, before = '', choices = '', after = ''] = match;
  for (const choice of choices.split(',')) yield* expandBraces(before + choice + after);
}

// `**` with its slash also stands for no folder at all.
const tokensOf = (pattern: string): readonly string[] => pattern.match(/\*\*\/?|[\s\S]/gu) ?? [];

/** Set of reachable token positions after each character, so that no pattern makes it try again and again. */
function matchesPlain(name: string, tokens: readonly string[]): boolean {
  const closure = (positions: Set<number>): Set<number> => {
    for (const position of positions)
      if (tokens[position]?.startsWith('*')) positions.add(position + 1);
    return positions;
  };
  let positions = closure(new Set([0]));
  for (const character of name) {
    const next = new Set<number>();
    for (const position of positions) {
      const token = tokens[position];
      if (token === undefined) continue;
      if (token === '**' || (token === '*' && character !== '/')) next.add(position);
      else if (token === '**/') {
        next.add(position);
        if (character === '/') next.add(position + 1);
      } else if (token === character || (token === '?' && character !== '/'))
        next.add(position + 1);
    }
    positions = closure(next);
  }
  return positions.has(tokens.length);
}
