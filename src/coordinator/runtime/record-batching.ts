/** Cuts records that mean something each by itself into batches that the log takes. */
import { HEADER_BYTES } from '../../records/record-batch.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'

/** The most that a record takes beside its key and value: seven varints and a byte. */
const RECORD_OVERHEAD_BYTES = 40

/** Each of them fits into `batchBytesMax`, but for a record that is too large by itself. */
export function inBatches(
  records: readonly CoordinatorRecord[],
  batchBytesMax: number,
): CoordinatorRecord[][] {
  const batches: CoordinatorRecord[][] = []
  let batch: CoordinatorRecord[] = []
  let bytes = HEADER_BYTES
  for (const record of records) {
    const recordBytes = RECORD_OVERHEAD_BYTES + record.key.length + (record.value?.length ?? 0)
    if (batch.length > 0 && bytes + recordBytes > batchBytesMax) {
      batches.push(batch)
      batch = []
      bytes = HEADER_BYTES
    }
    batch.push(record)
    bytes += recordBytes
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
