import type { Terminal } from './terminal.ts';

/** One line that is redrawn while work goes on. Draws nothing unless a person watches. */
export interface ProgressBar {
  /** `share` between 0 and 1; null where the end is not known. */
  update(text: string, share: number | null): void;
  /** Takes the line away. */
  clear(): void;
}

const barWidth = 24;
/** Milliseconds between two drawings. */
const interval = 80;

export function progressBar(terminal: Terminal, label: string): ProgressBar {
  if (!terminal.isInteractive) return { update: () => undefined, clear: () => undefined };
  let drawn = 0;
  let [turn, shown] = [0, false];
  return {
    update(text, share) {
      const now = terminal.now();
      if (now - drawn < interval && share !== 1) return;
      drawn = now;
      turn += 1;
      const bar = share === null ? wandering(turn) : filled(share);
      const line = `${label} ${bar} ${text}`;
      terminal.err(`\r\u001b[2K${line.slice(0, Math.max(20, terminal.columns - 1))}`);
      shown = true;
    },
    clear() {
      if (shown) terminal.err('\r\u001b[2K');
      shown = false;
    },
  };
}

function filled(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * barWidth);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}]`;
}

function wandering(turn: number): string {
  const way = barWidth - 3;
  const at = Math.abs(((turn + way) % (2 * way)) - way);
  return `[${'-'.repeat(at)}###${'-'.repeat(barWidth - 3 - at)}]`;
}
