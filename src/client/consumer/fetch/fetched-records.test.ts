import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codecByName } from '../../../records/compression/codec.ts'
import { ControlRecordType, controlRecordKey, endTransactionValue } from '../../../records/control-record.ts'
import { encodeSet } from '../../../records/message-set.ts'
import * as RecordBatch from '../../../records/record-batch.ts'
import { buildBatch } from '../../../records/record-batch-builder.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import { AssignedPartition } from '../assigned-partition.ts'
import { type AbortedTransaction, FetchedRecords } from './fetched-records.ts'

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes

function fetched(
  bytes: Buffer,
  {
    fromOffset = 0,
    aborted = null,
    isReadCommitted = false,
  }: {
    fromOffset?: number
    aborted?: readonly AbortedTransaction[] | null
    isReadCommitted?: boolean
  } = {},
): FetchedRecords {
  const source = new AssignedPartition({ topic: 't', partition: 3 })
  const decoding = {
    isReadCommitted,
    checksCrcs: true,
    deserializeKey: bytesAsTheyAre,
    deserializeValue: bytesAsTheyAre,
  }
  return new FetchedRecords({ source, bytes, fromOffset, highWatermark: 100, aborted, decoding })
}

function offsets(records: FetchedRecords): number[] {
  const all: number[] = []
  for (let record = records.next(); record !== undefined; record = records.next()) all.push(record.offset)
  return all
}

const draft = (value: string) => ({ timestampMs: 1000, key: null, value: Buffer.from(value) })

function batch(baseOffset: number, count: number, options: Parameters<typeof buildBatch>[1] = {}): Buffer {
  const drafts = Array.from({ length: count }, (_, i) => draft(`${baseOffset + i}`))
  return buildBatch(drafts, { ...options, baseOffset })
}

const marker = (offset: number, type: number, producerId: number): Buffer =>
  buildBatch([{ timestampMs: 1000, key: controlRecordKey(type), value: endTransactionValue(0) }], {
    baseOffset: offset,
    producerId,
    producerEpoch: 0,
    isTransactional: true,
    isControl: true,
  })

test('records before the offset that was asked for are left out, and a batch that is cut off is not there', () => {
  const bytes = Buffer.concat([batch(0, 10), batch(10, 5), batch(15, 5).subarray(0, 70)])
  const records = fetched(bytes, { fromOffset: 7 })
  assert.equal(records.nextOffset, 15)
  assert.deepEqual(offsets(records), [7, 8, 9, 10, 11, 12, 13, 14])
  assert.equal(fetched(bytes.subarray(0, 30)).hasBatches, false)
})

test('batches without records, and control batches, are passed: what comes behind them is read', () => {
  const empty = Buffer.from(batch(3, 1).subarray(0, RecordBatch.HEADER_BYTES))
  empty.writeInt32BE(RecordBatch.HEADER_BYTES - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
  empty.writeInt32BE(0, RecordBatch.RECORD_COUNT_AT)
  empty.writeInt32BE(6, RecordBatch.LAST_OFFSET_DELTA_AT)
  RecordBatch.writeCrc(empty, 0)
  const bytes = Buffer.concat([batch(0, 3), empty, marker(10, ControlRecordType.COMMIT, 1), batch(11, 2)])
  const records = fetched(bytes)
  assert.deepEqual(offsets(records), [0, 1, 2, 11, 12])
  assert.equal(records.nextOffset, 13)
})

test('of aborted transactions nothing is seen with read_committed, whoever else writes in between', () => {
  const transactional = (offset: number, producerId: number): Buffer =>
    batch(offset, 2, { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true })
  const bytes = Buffer.concat([
    transactional(0, 7),
    transactional(2, 8),
    batch(4, 1),
    transactional(5, 7),
    marker(7, ControlRecordType.ABORT, 7),
    transactional(8, 7),
    marker(10, ControlRecordType.COMMIT, 8),
    marker(11, ControlRecordType.COMMIT, 7),
    transactional(12, 8),
    marker(14, ControlRecordType.ABORT, 8),
  ])
  const aborted = [
    { producerId: 8, firstOffset: 12 },
    { producerId: 7, firstOffset: 0 },
  ]
  assert.deepEqual(offsets(fetched(bytes, { aborted, isReadCommitted: true })), [2, 3, 4, 8, 9])
  assert.deepEqual(offsets(fetched(bytes, { aborted })), [0, 1, 2, 3, 4, 5, 6, 8, 9, 12, 13])
})

for (const magic of [0, 1] as const) {
  for (const compression of ['none', 'gzip', 'snappy'] as const) {
    test(`messages of magic ${magic} with compression ${compression} are read from old logs`, () => {
      const messages = [5, 6, 7].map((offset) => ({
        offset,
        timestampMs: magic === 0 ? -1 : 2000 + offset,
        key: offset === 6 ? null : Buffer.from(`k${offset}`),
        value: Buffer.from(`v${offset}`),
      }))
      const codec = compression === 'none' ? undefined : codecByName(compression)
      const set = encodeSet(messages, { magic, codec, appendTimeMs: undefined })
      const records = fetched(Buffer.concat([set, batch(8, 1)]), { fromOffset: 6 })
      const first = records.next()!
      assert.deepEqual(
        [first.offset, first.timestamp, first.key, String(first.value), first.leaderEpoch],
        [6, magic === 0 ? -1 : 2006, null, 'v6', undefined],
      )
      assert.deepEqual(offsets(records), [7, 8])
    })
  }
}

test('the time of the broker is the time of all records in its batch', () => {
  const bytes = batch(0, 2, { logAppendTimeMs: 77 })
  const records = fetched(bytes)
  assert.deepEqual([records.next()!.timestamp, records.next()!.timestamp], [77, 77])
})

test('bytes that were changed are told as corrupt, again and again, and never crash or hang', () => {
  const random = new SimRandom(7)
  const good = Buffer.concat([batch(0, 5), batch(5, 5, { compression: 'lz4' }), batch(10, 5)])
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(good)
    for (let change = 0; change <= random.below(3); change++)
      bytes[random.below(bytes.length)] = random.below(256)
    const source = new AssignedPartition({ topic: 't', partition: 0 })
    const records = new FetchedRecords({
      source,
      bytes,
      fromOffset: 0,
      highWatermark: 0,
      aborted: null,
      decoding: {
        isReadCommitted: round % 2 === 0,
        checksCrcs: false,
        deserializeKey: bytesAsTheyAre,
        deserializeValue: bytesAsTheyAre,
      },
    })
    try {
      for (let count = 0; records.next() !== undefined; count++) assert.ok(count < 100)
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'CORRUPT_MESSAGE', String(error))
      assert.throws(() => records.next(), { code: 'CORRUPT_MESSAGE' })
    }
  }
})
