import type { Command } from 'commander';
import type { Token } from '../../client/generated.ts';
import { confirm } from '../confirm.ts';
import { agoText } from '../humanText.ts';
import { oneOf, several } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson } from '../session.ts';
import type { Terminal } from '../terminal.ts';

const roles = ['viewer', 'editor', 'admin'] as const;

interface CreateOptions {
  readonly role: (typeof roles)[number];
  readonly source?: readonly string[];
  readonly expires?: string;
}

export function addTokens(program: Command, terminal: Terminal): void {
  const { signal } = terminal;
  const tokens = program.command('tokens').description('make and revoke API tokens (admins only)');

  tokens
    .command('list', { isDefault: true })
    .description('list tokens; never their values')
    .action(async (_: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const found = await firstItems<Token>(1000, (query) => client.listTokens({ query, signal }));
      if (json) printJson(terminal, found);
      else
        printTable(
          terminal,
          found,
          [
            { title: 'ID', value: (token) => token.id },
            { title: 'NAME', value: (token) => token.name },
            { title: 'ROLE', value: (token) => token.role },
            { title: 'SOURCES', value: (token) => token.sources?.join(' ') ?? 'all' },
            { title: 'EXPIRES', value: (token) => token.expiresAt ?? 'never' },
            { title: 'LAST USED', value: (token) => agoText(token.lastUsedAt, Date.now()) },
          ],
          'There are no stored tokens.',
        );
    });

  tokens
    .command('create')
    .argument('<name>', 'who or what will use it')
    .description('make a token; it is printed this once')
    .option('--role <role>', roles.join(', '), oneOf(roles), 'viewer')
    .option('--source <source>', 'only for this one; may be given several times', several)
    .option('--expires <instant>', 'like 2027-01-01T00:00:00Z')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { role, source, expires } = options;
      const made = await client.createToken({
        body: {
          name,
          role,
          ...(source === undefined ? {} : { sources: source }),
          ...(expires === undefined ? {} : { expiresAt: expires }),
        },
        signal,
      });
      if (json) printJson(terminal, made);
      else {
        terminal.err(`Token ${made.id} (${made.role}), shown only now:\n`);
        terminal.out(`${made.token}\n`);
      }
    });

  tokens
    .command('revoke')
    .argument('<id>', 'of the token')
    .description('make a token worthless at once')
    .option('--yes', 'do not ask', false)
    .action(async (tokenId: string, { yes }: { readonly yes: boolean }, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const what = `Whoever uses the token ${tokenId} is locked out.`;
      await confirm(terminal, { yes, what, word: tokenId });
      await client.revokeToken({ tokenId, signal });
      if (json) printJson(terminal, { revoked: tokenId });
      else terminal.out(`${tokenId} is revoked.\n`);
    });
}
