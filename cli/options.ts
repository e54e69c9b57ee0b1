import { InvalidArgumentError } from 'commander';

/** A whole number above zero. */
export function positive(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('Must be a whole number above 0.');
  return number;
}

/** Gathers an option that may be given several times. */
export const several = (text: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  text,
];

/** One of some words. */
export const oneOf =
  <Word extends string>(words: readonly Word[]) =>
  (text: string): Word => {
    const word = words.find((each) => each === text);
    if (word === undefined) throw new InvalidArgumentError(`One of: ${words.join(', ')}.`);
    return word;
  };
