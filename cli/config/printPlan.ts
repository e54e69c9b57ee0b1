import type { Terminal } from '../terminal.ts';
import type { Step } from './planSources.ts';

const signs = { create: '+', change: '~', delete: '-' } as const;

/** Prints what is going to happen, one source after the other, and its sum. Answers whether anything is. */
export function printPlan(terminal: Terminal, steps: readonly Step[]): boolean {
  for (const step of steps) {
    if (step.kind === 'same') continue;
    const key = step.kind === 'create' ? step.desired.key : step.current.key;
    terminal.out(
      `${signs[step.kind]} ${key}${step.kind === 'delete' ? ' (its tables stay)' : ''}\n`,
    );
    if (step.kind === 'delete') continue;
    for (const { field, before, after } of step.changes)
      terminal.out(
        step.kind === 'create'
          ? `    ${field}: ${after}\n`
          : `    ${field}: ${before} → ${after}\n`,
      );
  }
  const count = (kind: Step['kind']): number => steps.filter((step) => step.kind === kind).length;
  terminal.out(
    `Plan: ${count('create')} to create, ${count('change')} to change, ${count('delete')} to delete, ${count('same')} unchanged.\n`,
  );
  return steps.some(({ kind }) => kind !== 'same');
}
