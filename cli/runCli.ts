import { Command } from 'commander';
import { addConfig } from './commands/config.ts';
import { addConnectors } from './commands/connectors.ts';
import { addFiles } from './commands/files.ts';
import { addLogin } from './commands/login.ts';
import { addRejects } from './commands/rejects.ts';
import { addRuns } from './commands/runs.ts';
import { addSources } from './commands/sources.ts';
import { addTables } from './commands/tables.ts';
import { addTokens } from './commands/tokens.ts';
import { addUpload } from './commands/upload.ts';
import { describeError } from './describeError.ts';
import { type ExitCode, exitCodes } from './exitCodes.ts';
import type { Terminal } from './terminal.ts';

const exitCodeHelp = `
Exit codes: 0 done · 1 a fault · 2 wrong usage · 3 refused or not logged in · 4 not found · 5 in conflict ·
6 not valid · 7 unavailable · 8 the run did not succeed · 130 interrupted

Start here:
  $ headgate login http://127.0.0.1:8787
  $ headgate upload orders.csv --follow
  $ headgate preview orders`;

/** Runs one command line and answers the code to end with. Throws nothing. */
export async function runCli(parameters: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const end = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = new Command('headgate')
    .description('Any source to Apache Iceberg tables, in your own AWS account.')
    .option('--json', 'print JSON')
    .option('--url <url>', 'address of the API (HEADGATE_URL)')
    .option('--token <token>', 'API token (HEADGATE_TOKEN)')
    .addHelpText('after', exitCodeHelp)
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .exitOverride();
  addLogin(program, terminal);
  addConnectors(program, terminal);
  addSources(program, terminal);
  addUpload(program, terminal, end);
  addRuns(program, terminal, end);
  addFiles(program, terminal);
  addTables(program, terminal);
  addRejects(program, terminal, end);
  addTokens(program, terminal);
  addConfig(program, terminal);
  try {
    await program.parseAsync(parameters, { from: 'user' });
    return exitCode;
  } catch (error) {
    const described = describeError(error);
    if (described.line !== '') terminal.err(`headgate: ${described.line}\n`);
    return described.exitCode;
  }
}
