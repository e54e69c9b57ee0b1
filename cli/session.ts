import type { Command } from 'commander';
import { createClient } from '../client/createClient.ts';
import { everyItem } from '../client/everyItem.ts';
import type { Client } from '../client/generated.ts';
import { findLogin, type Login } from './settings.ts';
import type { Terminal } from './terminal.ts';

/** What every command works with. */
export interface Session {
  readonly terminal: Terminal;
  readonly client: Client;
  readonly login: Login;
  /** Print JSON only. */
  readonly json: boolean;
}

/** Options before or after any command. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly url?: string;
  readonly token?: string;
}

/** Reads the common options, wherever on the line they stand, and signs in. */
export async function openSession(terminal: Terminal, command: Command): Promise<Session> {
  const options = command.optsWithGlobals<CommonOptions>();
  const login = await findLogin(terminal, options);
  return {
    terminal,
    login,
    client: createClient({ baseUrl: login.url, token: login.token }),
    json: options.json === true,
  };
}

export const printJson = (terminal: Terminal, value: unknown): void =>
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);

type Page<Item> = Awaited<ReturnType<Parameters<typeof everyItem<Item>>[0]>>;

/** Up to `limit` items of a list, from as many pages as that takes. */
export async function firstItems<Item>(
  limit: number,
  page: (query: {
    readonly limit: number;
    readonly cursor: string | undefined;
  }) => Promise<Page<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of everyItem((cursor) => page({ limit: Math.min(200, limit), cursor }))) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}
