import { fork } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { SandboxMessage, StartSandbox } from './sandboxChannel.ts';

const entry = fileURLToPath(new URL('./sandbox/process.mjs', import.meta.url));
const mebibyte = 1024 * 1024;

/**
 * A sandbox in a process of its own, limited by resident memory, which it also gives up when this process
 * is gone (`sandbox/watchdog.mjs`).
 */
export const startProcess: StartSandbox = (settings, environment, listener) => {
  const child = fork(
    entry,
    [settings.codeFolder, settings.handler, String(settings.memoryMegabytes * mebibyte)],
    {
      env: environment,
      execArgv: [`--max-old-space-size=${settings.memoryMegabytes}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    },
  );
  let reason = '';
  child.stdout?.on('data', (chunk: Buffer) => listener.output('stdout', chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => listener.output('stderr', chunk.toString('utf8')));
  child.stdio[4]?.on('data', (chunk: Buffer) => {
    reason += chunk.toString('utf8');
  });
  child.on('message', (message) => listener.message(message as SandboxMessage));
  child.on('error', (error) => {
    listener.output('stderr', `${error.message}\n`);
    // It never ran, so nothing will close.
    if (child.pid === undefined) listener.ended('exit status 1', false);
  });
  // `close`, not `exit`: what was written last has been read by then.
  child.on('close', (code, signal) => {
    if (reason !== '') listener.ended('signal: killed', true);
    else if (signal !== null) listener.ended(`signal: ${signalWords[signal] ?? signal}`, false);
    // V8 gives up with abort() when the heap is full; the shell convention shows it as 128 + signal.
    else if (code === 128 + constants.signals.SIGABRT) listener.ended('signal: aborted', false);
    else listener.ended(code === 0 ? '' : `exit status ${code}`, false);
  });
  return {
    send: (request) => void child.send(request, () => undefined),
    kill: () => void child.kill('SIGKILL'),
  };
};

const signalWords: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};
