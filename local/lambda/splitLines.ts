/** CloudWatch Logs cuts an event here. */
const maxLineCharacters = 256 * 1024;

/** Joins chunks into lines, per stream; `flush` gives out what has no line end yet. */
export function splitLines(emit: (stream: 'stdout' | 'stderr', line: string) => void): {
  add(stream: 'stdout' | 'stderr', text: string): void;
  flush(): void;
} {
  const rest = { stdout: '', stderr: '' };
  return {
    add(stream, text) {
      const parts = (rest[stream] + text).split('\n');
      rest[stream] = parts.pop() ?? '';
      for (const line of parts) emit(stream, line.slice(0, maxLineCharacters));
      if (rest[stream].length > maxLineCharacters) {
        emit(stream, rest[stream].slice(0, maxLineCharacters));
        rest[stream] = rest[stream].slice(maxLineCharacters);
      }
    },
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (rest[stream] !== '') emit(stream, rest[stream]);
        rest[stream] = '';
      }
    },
  };
}
