import type { fetchV12, RecordsBatch } from '@platformatic/kafka';
import type { LogRecord, LogSlice } from '../../shared/connectors/logs/logSession.ts';

/** Bits of a batch's attributes. https://kafka.apache.org/documentation/#recordbatch */
const logAppendTime = 0x08;
const transactional = 0x10;
const control = 0x20;
/** Type of a control record, in its key. */
const abortMarker = 0;

/**
 * Records of one partition from a position on, and where the next begin. An answer begins with the whole batch that
 * holds the position; it has markers of transactions, and records of those that were aborted, which the broker names.
 */
export function sliceOf(
  {
    partitionIndex,
    records: batches,
    abortedTransactions,
  }: Pick<fetchV12.FetchResponsePartition, 'partitionIndex' | 'records' | 'abortedTransactions'>,
  position: bigint,
): LogSlice {
  const aborted = [...(abortedTransactions ?? [])].sort((a, b) =>
    a.firstOffset < b.firstOffset ? -1 : 1,
  );
  const dead = new Set<bigint>();
  const records: LogRecord[] = [];
  let next = position;
  for (const batch of batches ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let first = aborted[0]; first !== undefined && first.firstOffset <= last; ) {
      dead.add(first.producerId);
      aborted.shift();
      first = aborted[0];
    }
    if (last + 1n > next) next = last + 1n;
    if ((batch.attributes & control) !== 0) {
      if (markerOf(batch) === abortMarker) dead.delete(batch.producerId);
      continue;
    }
    if ((batch.attributes & transactional) !== 0 && dead.has(batch.producerId)) continue;
    for (const record of recordsOf(batch)) if (record.offset >= position) records.push(record);
  }
  return { partition: partitionIndex, records, next };
}

function* recordsOf(batch: RecordsBatch): Generator<LogRecord> {
  const appended = (batch.attributes & logAppendTime) !== 0;
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const time = appended ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta;
    yield {
      offset: batch.firstOffset + BigInt(offsetDelta),
      // -1: none. Beyond what a date holds it is no time either.
      timestamp: time < 0n || time > 253_402_300_799_999n ? null : Number(time),
      key,
      value,
      headers: headers.map(([name, bytes]) => [name?.toString() ?? '', bytes] as const),
    };
  }
}

const markerOf = ({ records }: RecordsBatch): number => {
  const key = records[0]?.key;
  return key == null || key.length < 4 ? -1 : key.readInt16BE(2);
};
