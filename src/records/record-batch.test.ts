import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readInt64, writeInt64 } from './int64.ts'
import * as RecordBatch from './record-batch.ts'
import { buildBatch } from './record-batch-builder.ts'

test('64-bit integers survive the way through two halves, negative ones and the edges of 2^32 included', () => {
  const buffer = Buffer.alloc(9)
  for (const value of [
    0,
    1,
    -1,
    -2,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    -(2 ** 32),
    -(2 ** 32) - 1,
    1_700_000_000_000,
  ]) {
    writeInt64(buffer, 1, value)
    assert.equal(buffer.readBigInt64BE(1), BigInt(value))
    assert.equal(readInt64(buffer, 1), value)
  }
  for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
    writeInt64(buffer, 1, value)
    assert.equal(readInt64(buffer, 1), value)
  }
  buffer.writeBigInt64BE(2n ** 63n - 1n, 1)
  assert.equal(readInt64(buffer, 1), 2 ** 63)
})

test('every header field is read from where it is, at any position of the buffer', () => {
  const batch = buildBatch(
    [{ timestampMs: 1000, value: 'a' }, { timestampMs: 1500, value: 'b' }, { value: 'c' }],
    {
      baseOffset: 70_000_000_000,
      compression: 'lz4',
      partitionLeaderEpoch: 9,
      producerId: 5_000_000_000,
      producerEpoch: 4,
      baseSequence: RecordBatch.MAX_SEQUENCE - 1,
      isTransactional: true,
    },
  )
  const buffer = Buffer.concat([Buffer.alloc(11, 0xee), batch, Buffer.alloc(3, 0xee)])
  assert.equal(RecordBatch.baseOffset(buffer, 11), 70_000_000_000)
  assert.equal(RecordBatch.lastOffset(buffer, 11), 70_000_000_002)
  assert.equal(RecordBatch.nextOffset(buffer, 11), 70_000_000_003)
  assert.equal(RecordBatch.sizeInBytes(buffer, 11), batch.length)
  assert.equal(RecordBatch.batchLength(buffer, 11), batch.length - 12)
  assert.equal(RecordBatch.partitionLeaderEpoch(buffer, 11), 9)
  assert.equal(RecordBatch.magic(buffer, 11), 2)
  assert.equal(RecordBatch.compressionId(buffer, 11), 3)
  assert.equal(RecordBatch.isLogAppendTime(buffer, 11), false)
  assert.equal(RecordBatch.isTransactional(buffer, 11), true)
  assert.equal(RecordBatch.isControl(buffer, 11), false)
  assert.equal(RecordBatch.hasDeleteHorizon(buffer, 11), false)
  assert.equal(RecordBatch.baseTimestamp(buffer, 11), 1000)
  assert.equal(RecordBatch.maxTimestamp(buffer, 11), 1500)
  assert.equal(RecordBatch.producerId(buffer, 11), 5_000_000_000)
  assert.equal(RecordBatch.hasProducerId(buffer, 11), true)
  assert.equal(RecordBatch.producerEpoch(buffer, 11), 4)
  assert.equal(RecordBatch.baseSequence(buffer, 11), RecordBatch.MAX_SEQUENCE - 1)
  assert.equal(RecordBatch.lastSequence(buffer, 11), 0)
  assert.equal(RecordBatch.recordCount(buffer, 11), 3)
  assert.equal(RecordBatch.isCrcValid(buffer, 11), true)
})

test('offset and leader epoch change without touching the checksum, the append time with a new one', () => {
  const batch = buildBatch([
    { timestampMs: 5, value: 'a' },
    { timestampMs: 6, value: 'b' },
  ])
  const stored = RecordBatch.crc(batch)
  RecordBatch.setBaseOffset(batch, 0, 12345)
  RecordBatch.setPartitionLeaderEpoch(batch, 0, 77)
  assert.equal(RecordBatch.crc(batch), stored)
  assert.ok(RecordBatch.isCrcValid(batch))
  assert.equal(RecordBatch.lastOffset(batch), 12346)
  RecordBatch.setLastOffset(batch, 0, 501)
  assert.equal(RecordBatch.baseOffset(batch), 500)
  RecordBatch.setLogAppendTime(batch, 0, 99_000)
  assert.notEqual(RecordBatch.crc(batch), stored)
  assert.ok(RecordBatch.isCrcValid(batch))
  assert.ok(RecordBatch.isLogAppendTime(batch))
  assert.equal(RecordBatch.maxTimestamp(batch), 99_000)
})

test('a flipped bit anywhere behind the checksum is noticed', () => {
  const batch = buildBatch([{ key: 'k', value: 'v' }])
  for (let bit = RecordBatch.CRC_AT * 8; bit < batch.length * 8; bit++) {
    const damaged = Buffer.from(batch)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    assert.equal(RecordBatch.isCrcValid(damaged), false, `bit ${bit}`)
  }
})

test('sequences wrap behind 2^31-1', () => {
  assert.equal(RecordBatch.incrementSequence(5, 3), 8)
  assert.equal(RecordBatch.incrementSequence(RecordBatch.MAX_SEQUENCE, 0), RecordBatch.MAX_SEQUENCE)
  assert.equal(RecordBatch.incrementSequence(RecordBatch.MAX_SEQUENCE, 1), 0)
  assert.equal(RecordBatch.incrementSequence(RecordBatch.MAX_SEQUENCE - 1, 5), 3)
})

test('batch boundaries: whole batches are counted, a tail cut at any byte is reported', () => {
  const one = buildBatch([{ value: 'one' }])
  const two = buildBatch([{ value: 'and two' }], { compression: 'gzip' })
  const both = Buffer.concat([one, two])
  assert.deepEqual(RecordBatch.scanBatches(both), {
    batchCount: 2,
    validBytes: both.length,
    truncated: false,
  })
  assert.deepEqual([...RecordBatch.positions(both)], [0, one.length])
  for (let cut = 1; cut < two.length; cut++) {
    assert.deepEqual(RecordBatch.scanBatches(both.subarray(0, one.length + cut)), {
      batchCount: 1,
      validBytes: one.length,
      truncated: true,
    })
  }
  assert.deepEqual(RecordBatch.scanBatches(Buffer.alloc(0)), {
    batchCount: 0,
    validBytes: 0,
    truncated: false,
  })
})

test('a length that cannot be one ends the walk instead of looping or running off', () => {
  for (const length of [-2_147_483_648, -1, 0, 48, 2_147_483_647]) {
    const batch = buildBatch([{ value: 'x' }])
    batch.writeInt32BE(length, RecordBatch.BATCH_LENGTH_AT)
    assert.equal(RecordBatch.batchEnd(batch, 0), -1, `length ${length}`)
  }
})
