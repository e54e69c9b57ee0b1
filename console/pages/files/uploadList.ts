/** A file on the list to be uploaded. */
export interface Waiting {
  readonly id: number;
  readonly file: File;
  /** As the source shall know it; may be changed before it is sent. */
  readonly name: string;
  readonly replace: boolean;
  readonly state: 'ready' | 'exists' | 'refused' | 'sending' | 'done' | 'failed';
  readonly sent: number;
  /** Why it is refused or has failed. */
  readonly problem?: string;
}

let nextId = 1;

/** A file as somebody chose it. `taken`: names the source has. */
export function waitingOf(
  file: File,
  fileTypes: readonly string[],
  taken: ReadonlySet<string>,
): Waiting {
  const base = { id: nextId++, file, name: file.name, replace: false, sent: 0 } as const;
  const plain = file.name.toLowerCase().replace(/\.(gz|zst)$/, '');
  if (!fileTypes.some((type) => plain.endsWith(type)))
    return { ...base, state: 'refused', problem: `Only ${fileTypes.join(', ')} are taken here.` };
  return { ...base, state: taken.has(file.name) ? 'exists' : 'ready' };
}

/** `orders.csv` → `orders (2).csv`, the first that is free. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  const [, stem = name, ending = ''] = /^(.*?)((?:\.[^.]+){0,2})$/.exec(name) ?? [];
  for (let count = 2; ; count++) {
    const next = `${stem} (${count})${ending}`;
    if (!taken.has(next)) return next;
  }
}
