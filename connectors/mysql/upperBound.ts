/**
 * Transactions that may write now, whichever table, oldest numbers in hand: those with locks or changes, and those
 * in the middle of a statement that is no plain query, because an INSERT draws its number just before it locks.
 * Needs the PROCESS privilege. The server's own answer may be 0.1 seconds old.
 */
export const writersSql = `
select concat(trx_mysql_thread_id, ' ', trx_started) from information_schema.innodb_trx
where trx_mysql_thread_id <> connection_id()
  and (trx_rows_modified > 0 or trx_tables_locked > 0
    or (trx_query is not null and lower(ltrim(trx_query)) not like 'select%'))`;

const pauseMilliseconds = 200;

/**
 * Waits until those who may be writing now have finished, at most `seconds`. Numbers are given out in order, but
 * they are committed in any order: after the wait, no number below the largest one is still to come. Where nobody
 * says who is writing (`writers` answers null), the whole time is waited.
 * Answers whether all have finished, or null where that is not known.
 */
export async function awaitWriters(
  writers: () => Promise<ReadonlySet<string> | null>,
  seconds: number,
  sleep: (milliseconds: number) => Promise<void>,
): Promise<boolean | null> {
  if (seconds > 0) await sleep(pauseMilliseconds);
  const first = await writers();
  if (first === null) {
    await sleep(Math.max(0, seconds * 1000 - pauseMilliseconds));
    return null;
  }
  let open = first;
  for (
    let waited = pauseMilliseconds;
    open.size > 0 && waited < seconds * 1000;
    waited += pauseMilliseconds
  ) {
    await sleep(pauseMilliseconds);
    const now = await writers();
    open = new Set([...open].filter((writer) => now?.has(writer)));
  }
  return open.size === 0;
}
