import type { Command } from 'commander';
import type { AcceptedRun, Run, SetCursor } from '../../client/generated.ts';
import { confirm } from '../confirm.ts';
import { type ExitCode, exitCodes } from '../exitCodes.ts';
import { followRun, runExitCode, runLine } from '../followRun.ts';
import { agoText, countText, printable, secondsText, usdText } from '../humanText.ts';
import { oneOf, positive, several } from '../options.ts';
import { printTable } from '../printTable.ts';
import { firstItems, openSession, printJson, type Session } from '../session.ts';
import { CliError, type Terminal } from '../terminal.ts';

const modes = ['full_refresh', 'full_refresh_append', 'incremental'] as const;

interface RunOptions {
  readonly mode?: (typeof modes)[number];
  readonly from?: string;
  readonly to?: string;
  readonly stream?: readonly string[];
  readonly force: boolean;
  readonly reject: boolean;
  readonly follow: boolean;
  readonly idempotencyKey?: string;
}

export function addRuns(
  program: Command,
  terminal: Terminal,
  end: (exitCode: ExitCode) => void,
): void {
  const { signal } = terminal;
  const finish = async ({ client, json }: Session, runId: string): Promise<void> => {
    const run = await followRun(client, terminal, runId);
    if (json) printJson(terminal, run);
    else terminal.out(`${runLine(run)}\n`);
    end(runExitCode(run));
  };
  const report = async (
    session: Session,
    accepted: AcceptedRun,
    { follow }: { readonly follow: boolean },
  ): Promise<void> => {
    if (follow) await finish(session, accepted.runId);
    else if (session.json) printJson(terminal, accepted);
    else terminal.out(`${accepted.status}: ${accepted.runId}\n`);
  };

  program
    .command('run')
    .argument('<source>', 'id or key')
    .description('start a run; while another one runs it waits up to 5 minutes')
    .option('--mode <mode>', modes.join(', '), oneOf(modes))
    .option('--from <date>', 'load again what lies between two dates')
    .option('--to <date>', 'exclusive')
    .option('--stream <name>', 'only this one; may be given several times', several)
    .option('--force', 'load files again whose bytes were loaded before', false)
    .option('--reject', 'do not wait while another run holds the source', false)
    .option('--follow', 'wait until it ends', false)
    .option('--idempotency-key <key>', 'the same key starts the same run once')
    .addHelpText(
      'after',
      `
Ends with 0 only if the run succeeded (with --follow) or was accepted.

Examples:
  $ headgate run shop --follow
  $ headgate run shop --from 2026-01-01 --to 2026-02-01`,
    )
    .action(async (idOrKey: string, options: RunOptions, command: Command) => {
      const session = await openSession(terminal, command);
      const { mode, from, to, stream, idempotencyKey } = options;
      const accepted = await session.client.startRun({
        idOrKey,
        body: {
          ...(mode === undefined ? {} : { mode }),
          ...(from === undefined ? {} : { startDate: from }),
          ...(to === undefined ? {} : { endDate: to }),
          ...(stream === undefined ? {} : { streams: stream }),
          ...(options.force ? { force: true } : {}),
          whenBusy: options.reject ? 'reject' : 'queue',
        },
        ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
        signal,
      });
      await report(session, accepted, options);
    });

  program
    .command('retry')
    .argument('<run>', 'id of the run')
    .description('ask for a run again: of a partial one, only the streams that failed')
    .option('--follow', 'wait until it ends', false)
    .action(async (runId: string, options: { readonly follow: boolean }, command: Command) => {
      const session = await openSession(terminal, command);
      await report(session, await session.client.retryRun({ runId, signal }), options);
    });

  program
    .command('undo')
    .argument('<run>', 'id of the last run of its source')
    .description('put tables and cursors back to where the run found them')
    .option('--yes', 'do not ask', false)
    .option('--follow', 'wait until it is done', false)
    .action(
      async (
        runId: string,
        options: { readonly yes: boolean; readonly follow: boolean },
        command: Command,
      ) => {
        const session = await openSession(terminal, command);
        const { client } = session;
        const run = await client.getRun({ runId, signal });
        const { key } = await client.getSource({ idOrKey: run.sourceId, signal });
        const what = `This takes back what ${runId} changed in ${key} (${countText(run.counts.written)} rows written).`;
        await confirm(terminal, { yes: options.yes, what, word: key });
        await report(session, await client.undoRun({ runId, signal }), options);
      },
    );

  program
    .command('detect-deletes')
    .argument('<source>', 'id or key')
    .description('compare keys with the source, and take out or mark the rows that are gone there')
    .option('--follow', 'wait until it ends', false)
    .action(async (idOrKey: string, options: { readonly follow: boolean }, command: Command) => {
      const session = await openSession(terminal, command);
      await report(session, await session.client.detectDeletes({ idOrKey, signal }), options);
    });

  program
    .command('streams')
    .argument('<source>', 'id or key')
    .description('the streams that were read, with their tables and cursors')
    .action(async (idOrKey: string, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const { items } = await client.listStreams({ idOrKey, signal });
      if (json) printJson(terminal, items);
      else
        printTable(
          terminal,
          items,
          [
            { title: 'STREAM', value: ({ name }) => printable(name) },
            { title: 'TABLE', value: ({ table }) => table },
            { title: 'ROWS', value: ({ rows }) => countText(rows), align: 'right' },
            {
              title: 'CURSOR',
              value: ({ cursor }) => (cursor === null ? '' : printable(JSON.stringify(cursor))),
            },
          ],
          `Nothing was read yet. Start a run: headgate run ${printable(idOrKey)} --follow`,
        );
    });

  program
    .command('cursor')
    .argument('<source>', 'id or key')
    .argument('<stream>', 'as `headgate streams` shows it')
    .description('set a stream’s cursor, or forget it so that the next run starts from nothing')
    .option('--set <json>', 'the cursor, as `headgate streams --json` shows it')
    .option('--reset', 'forget it', false)
    .option('--yes', 'do not ask', false)
    .option('--follow', 'wait until it is done', false)
    .action(
      async (
        idOrKey: string,
        stream: string,
        options: {
          readonly set?: string;
          readonly reset: boolean;
          readonly yes: boolean;
          readonly follow: boolean;
        },
        command: Command,
      ) => {
        const session = await openSession(terminal, command);
        const { key } = await session.client.getSource({ idOrKey, signal });
        const cursor = cursorOf(options);
        const what = `The next run of ${key} reads "${printable(stream)}" ${cursor === null ? 'from the beginning' : `from ${printable(JSON.stringify(cursor))}`}.`;
        await confirm(terminal, { yes: options.yes, what, word: key });
        await report(
          session,
          await session.client.setCursor({ idOrKey: key, stream, body: { cursor }, signal }),
          options,
        );
      },
    );

  program
    .command('cancel')
    .argument('<run>', 'id of the run')
    .description('stop a run; what it committed stays')
    .action(async (runId: string, _: unknown, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const run = await client.cancelRun({ runId, signal });
      if (json) printJson(terminal, run);
      else terminal.out(`${run.id} is ${run.status}; ${countText(run.committedRows)} rows stay.\n`);
    });

  program
    .command('runs')
    .argument('<source>', 'id or key')
    .description('the history of a source, newest first')
    .option('--limit <count>', 'at most', positive, 20)
    .action(async (idOrKey: string, { limit }: { readonly limit: number }, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      const runs = await firstItems<Run>(limit, (query) =>
        client.listRuns({ idOrKey, query, signal }),
      );
      if (json) printJson(terminal, runs);
      else
        printTable(
          terminal,
          runs,
          [
            { title: 'RUN', value: (run) => run.id },
            { title: 'WHEN', value: (run) => agoText(run.createdAt, Date.now()) },
            { title: 'WHY', value: (run) => run.trigger },
            { title: 'WHAT', value: (run) => run.mode ?? run.kind },
            { title: 'STATUS', value: (run) => run.status },
            { title: 'RESULT', value: (run) => run.result ?? run.error?.code ?? '' },
            { title: 'WRITTEN', value: (run) => countText(run.counts.written), align: 'right' },
            { title: 'REJECTED', value: (run) => countText(run.counts.rejected), align: 'right' },
            {
              title: 'TOOK',
              value: (run) =>
                run.durationSeconds === null ? '' : secondsText(run.durationSeconds),
              align: 'right',
            },
            { title: 'COST', value: (run) => usdText(run.costUsd), align: 'right' },
          ],
          `Nothing has run yet. Start a run: headgate run ${printable(idOrKey)} --follow`,
        );
    });

  program
    .command('logs')
    .argument('<run>', 'id of the run')
    .description('what happened in a run')
    .option('--follow', 'wait until it ends first', false)
    .action(async (runId: string, { follow }: { readonly follow: boolean }, command: Command) => {
      const { client, json } = await openSession(terminal, command);
      if (follow) end(runExitCode(await followRun(client, terminal, runId)));
      const log = await client.getRunLog({ runId, signal });
      if (json) printJson(terminal, log);
      else
        for (const { at, level, message, facts } of log.entries)
          terminal.out(
            `${at}  ${level.padEnd(5)}  ${printable(message)}${facts === undefined ? '' : `  ${printable(JSON.stringify(facts))}`}\n`,
          );
    });

  program
    .command('clear')
    .argument('<source>', 'id or key')
    .description('remove all rows of a source; the source stays')
    .option('--yes', 'do not ask', false)
    .option('--follow', 'wait until it is done', false)
    .action(
      async (
        idOrKey: string,
        { yes, follow }: { readonly yes: boolean; readonly follow: boolean },
        command: Command,
      ) => {
        const session = await openSession(terminal, command);
        const { client } = session;
        const { key, recordCount } = await client.getSource({ idOrKey, signal });
        const what = `This removes all ${countText(recordCount)} rows of ${key}.`;
        await confirm(terminal, { yes, what, word: key });
        await report(session, await client.clearData({ idOrKey: key, signal }), { follow });
      },
    );
}

/** Throws unless exactly one of `--set` and `--reset` says what the cursor shall be. */
function cursorOf({
  set,
  reset,
}: {
  readonly set?: string;
  readonly reset: boolean;
}): SetCursor['cursor'] {
  if ((set === undefined) === !reset)
    throw new CliError(exitCodes.usage, 'Give --set with a cursor, or --reset.');
  if (set === undefined) return null;
  try {
    return JSON.parse(set) as SetCursor['cursor'];
  } catch {
    throw new CliError(exitCodes.usage, '--set takes JSON, e.g. --set \'{"v":1}\'.');
  }
}
