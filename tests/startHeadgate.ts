import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Headgate, type StartOptions, startHeadgate as start } from '../local/start.ts';

/** A Headgate in this process, on free ports; `await using` closes it and removes a home it made itself. */
export interface RunningHeadgate extends Headgate, AsyncDisposable {
  readonly home: string;
}

/** The one way in which tests start Headgate in their own process. Without `home` it starts empty. */
export async function startHeadgate(options: Partial<StartOptions> = {}): Promise<RunningHeadgate> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'headgate-test-'));
  const remove = (): void => {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const headgate = await start({ port: 0, quiet: true, ...options, home });
    return {
      ...headgate,
      home,
      async [Symbol.asyncDispose]() {
        await headgate.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
