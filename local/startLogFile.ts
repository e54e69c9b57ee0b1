import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

export interface LogFile {
  readonly write: (line: string) => void;
  close(): void;
}

const maxBytes = 16 * 1024 ** 2;

/** Appends lines to a file; what grew too large is put aside as `<path>.1`, so that two files are the most. */
export function openLogFile(path: string): LogFile {
  let file = openSync(path, 'a', 0o600);
  let bytes = statSync(path).size;
  let closed = false;
  return {
    write: (line) => {
      if (closed) return;
      if (bytes > maxBytes) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = openSync(path, 'a', 0o600);
        bytes = 0;
      }
      bytes += writeSync(file, `${line}\n`);
    },
    close: () => {
      if (closed) return;
      closed = true;
      closeSync(file);
    },
  };
}
