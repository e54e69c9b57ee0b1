import { exitCodes } from './exitCodes.ts';
import { CliError, type Terminal } from './terminal.ts';

/**
 * Asks before something that cannot be undone: a person must type `word`. Without a person, `--yes` is needed.
 * Throws when the answer is no.
 */
export async function confirm(
  terminal: Terminal,
  { yes, what, word }: { readonly yes: boolean; readonly what: string; readonly word: string },
): Promise<void> {
  if (yes) return;
  if (!terminal.isInteractive)
    throw new CliError(exitCodes.usage, `${what} Say --yes to do it without being asked.`);
  const answer = await terminal.ask(`${what} Type "${word}" to go on: `);
  if (answer.trim() !== word) throw new CliError(exitCodes.usage, 'Nothing was changed.');
}
