#!/usr/bin/env node
import { homedir } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCli } from './runCli.ts';
import type { Terminal } from './terminal.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());
// Somebody closed the pipe: `headgate … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;

const terminal: Terminal = {
  out: (line) => void process.stdout.write(line),
  err: (line) => void process.stderr.write(line),
  isInteractive,
  // A pipe has no width: nothing is cut that a program might want.
  columns: process.stdout.isTTY ? process.stdout.columns : 10_000,
  async ask(question, { hidden = false } = {}) {
    if (!isInteractive) throw new Error('nobody is there to ask');
    const muted = new Writable({ write: (_chunk, _encoding, done) => done() });
    const reader = createInterface({
      input: process.stdin,
      output: hidden ? muted : process.stderr,
      terminal: true,
    });
    try {
      if (hidden) process.stderr.write(question);
      return await reader.question(hidden ? '' : question, { signal: interrupted.signal });
    } finally {
      if (hidden) process.stderr.write('\n');
      reader.close();
    }
  },
  readInput: () => text(process.stdin),
  env: process.env,
  home: homedir(),
  signal: interrupted.signal,
  now: () => performance.now(),
};

process.exitCode = await runCli(process.argv.slice(2), terminal);
