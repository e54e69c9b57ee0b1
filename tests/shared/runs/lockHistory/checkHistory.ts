import type { RecordedWrite } from '../../../../local/dynamodb/openDynamoDb.ts';

type Attribute = { readonly S?: string; readonly N?: string; readonly M?: Item };
type Item = Readonly<Record<string, Attribute>>;

export interface HistoryReport {
  /** What went wrong, in words; empty when every promise held. */
  readonly violations: readonly string[];
  readonly lockWrites: number;
  readonly holds: number;
  readonly commits: number;
}

interface Hold {
  readonly runId: string;
  readonly token: number;
}

/**
 * Reads what the storage engine recorded, in its order, and knows nothing of the code that wrote it. Checks for
 * each source: one holder at a time, a token that only grows and belongs to one run, and no commit of a stream
 * by a run that did not hold the lock, with the token it was given, at that very write.
 */
export function checkHistory(writes: Iterable<RecordedWrite>): HistoryReport {
  const holds = new Map<string, Hold | null>();
  const highest = new Map<string, number>();
  const runOfToken = new Map<string, string>();
  const tokenOfRun = new Map<string, number>();
  const commitsOfRun = new Map<string, number>();
  const violations: string[] = [];
  const report = { lockWrites: 0, holds: 0, commits: 0 };
  for (const group of byRequest(writes)) {
    // A commit may free the lock in the same transaction: it is judged by the lock before it.
    const before = new Map(holds);
    for (const write of group) {
      const source = (write.key as Item)['pk']?.S ?? '';
      const at = `write ${write.sequence} of ${source}`;
      if (write.sortKey === 'LOCK') {
        report.lockWrites += 1;
        const was = holds.get(source) ?? null;
        const is = holdIn(write.after as Item | undefined);
        const token = Number((write.after as Item | undefined)?.['token']?.N ?? 0);
        if (token < (highest.get(source) ?? 0))
          violations.push(`${at}: the token went back to ${token}`);
        highest.set(source, token);
        if (is !== null && is.runId !== was?.runId) {
          report.holds += 1;
          if (was !== null && token <= was.token)
            violations.push(
              `${at}: ${is.runId} took over with token ${token}, not above ${was.token}`,
            );
          const other = runOfToken.get(`${source}#${token}`);
          if (other !== undefined && other !== is.runId)
            violations.push(`${at}: token ${token} was given to ${other} and ${is.runId}`);
          runOfToken.set(`${source}#${token}`, is.runId);
          if (tokenOfRun.has(is.runId)) violations.push(`${at}: ${is.runId} held the lock twice`);
          tokenOfRun.set(is.runId, token);
        }
        holds.set(source, is);
      }
    }
    for (const write of group) {
      if (!write.sortKey.startsWith('STREAM#')) continue;
      const source = (write.key as Item)['pk']?.S ?? '';
      const committedBy = (write.after as Item | undefined)?.['committedBy']?.M;
      const earlier = (write.before as Item | undefined)?.['committedBy']?.M;
      const runId = committedBy?.['runId']?.S;
      const seq = Number(committedBy?.['seq']?.N);
      if (runId === undefined) continue;
      if (earlier?.['runId']?.S === runId && Number(earlier['seq']?.N) === seq) continue;
      report.commits += 1;
      const at = `write ${write.sequence} of ${source}`;
      const holder = before.get(source);
      if (holder?.runId !== runId)
        violations.push(
          `${at}: ${runId} committed while ${holder?.runId ?? 'nobody'} held the lock`,
        );
      if (seq <= (commitsOfRun.get(`${runId}#${write.sortKey}`) ?? 0))
        violations.push(`${at}: commit ${seq} of ${runId} happened twice`);
      commitsOfRun.set(`${runId}#${write.sortKey}`, seq);
    }
  }
  return { violations, ...report };
}

function* byRequest(writes: Iterable<RecordedWrite>): Generator<readonly RecordedWrite[]> {
  let group: RecordedWrite[] = [];
  for (const write of writes) {
    if (group.length > 0 && group[0]?.request !== write.request) {
      yield group;
      group = [];
    }
    group.push(write);
  }
  if (group.length > 0) yield group;
}

function holdIn(lock: Item | undefined): Hold | null {
  const runId = lock?.['owner']?.M?.['runId']?.S;
  return runId === undefined ? null : { runId, token: Number(lock?.['token']?.N) };
}
