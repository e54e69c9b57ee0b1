import { secretSpellings } from '../secretSpellings.ts';

/** Shorter ones would turn ordinary text into stars. */
const shortestSecret = 4;

/** A text of the source's, which may tell again what it was sent, without secrets in any spelling. */
export function hideSecrets(text: string, secrets: Iterable<string>): string {
  let hidden = text;
  for (const secret of secrets)
    if (secret.length >= shortestSecret)
      for (const spelling of secretSpellings(secret)) hidden = hidden.replaceAll(spelling, '***');
  return hidden;
}
