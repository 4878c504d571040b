import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRecordError, type KafkaRecord, readRecords } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import { buildBatch, type RecordDraft } from './record-batch-builder.ts'
import { RecordWalk } from './record-walk.ts'

const walk = new RecordWalk()

function randomFrom(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
}

/** Plain and odd records mixed: the walk has a fast path and a thorough one, and changes between them. */
function randomBatch(below: (bound: number) => number): Buffer {
  const bytes = (): Buffer | null =>
    below(5) === 0 ? null : Buffer.alloc(below(8) === 0 ? below(20_000) : below(90), 7)
  const drafts = Array.from({ length: 1 + below(120) }, (): RecordDraft => {
    const timestampMs = below(5) === 0 ? below(2 ** 24) * 100_000 : 1_700_000_000_000 + below(9000)
    const headers = below(4) === 0 ? [{ key: 'h', value: bytes() }] : []
    return { timestampMs, key: bytes(), value: bytes(), headers }
  })
  return buildBatch(drafts)
}

function run(batch: Buffer): boolean {
  return walk.run(batch, RecordBatch.HEADER_BYTES, batch.length, RecordBatch.recordCount(batch))
}

test('the walk finds what reading the records in full finds', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const batch = randomBatch(randomFrom(seed))
    assert.equal(run(batch), true, `seed ${seed}: ${walk.fault}`)
    const records = readRecords(batch)
    const deltas = records.map((record) => record.timestampMs - RecordBatch.baseTimestamp(batch))
    assert.equal(walk.minTimestampDelta, Math.min(...deltas))
    assert.equal(walk.maxTimestampDelta, Math.max(...deltas))
    assert.equal(
      walk.firstNullKeyIndex,
      records.findIndex((record) => record.key === null),
    )
  }
})

test('on damaged records the walk refuses exactly what reading in full refuses, and offsets with gaps', () => {
  let refused = 0
  for (let seed = 1; seed <= 25; seed++) {
    const below = randomFrom(seed)
    const batch = randomBatch(below)
    for (let round = 0; round < 60; round++) {
      const damaged = Buffer.from(batch)
      const at = RecordBatch.HEADER_BYTES + below(Math.min(200, damaged.length - RecordBatch.HEADER_BYTES))
      damaged[at] = below(256)
      const isSound = run(damaged)
      let records: KafkaRecord[] | undefined
      try {
        records = readRecords(damaged)
      } catch (error) {
        assert.ok(error instanceof InvalidRecordError, String(error))
      }
      const isReadable = records?.every((record, index) => record.offset === index) ?? false
      assert.equal(isSound, isReadable, `seed ${seed}, round ${round}: ${walk.fault}`)
      if (!isSound) {
        refused++
        assert.ok(walk.fault !== null && walk.faultIndex >= 0)
      }
    }
  }
  assert.ok(refused > 100)
})

test('the first offset delta must be 0, whatever the record looks like', () => {
  const shifted = (headers: RecordDraft['headers']): Buffer =>
    buildBatch([{ offset: 1, value: 'x', ...(headers && { headers }) }], { baseOffset: 0 })
  for (const batch of [shifted(undefined), shifted([{ key: 'h', value: null }])]) {
    assert.equal(run(batch), false)
    assert.equal(walk.faultIndex, 0)
  }
})

test('offset deltas of one to four bytes are told from others', () => {
  const count = 2 ** 20 + 5
  const bytes = Buffer.alloc(count * 10)
  const lastByteOfOffset: number[] = []
  let end = 0
  for (let index = 0; index < count; index++) {
    const varint: number[] = []
    for (let rest = index * 2; ; rest >>>= 7) {
      if (rest < 0x80) {
        varint.push(rest)
        break
      }
      varint.push((rest & 0x7f) | 0x80)
    }
    // Attributes, timestamp, offset, null key, empty value, no headers.
    const body = [0, 0, ...varint, 1, 0, 0]
    bytes.set([body.length * 2, ...body], end)
    lastByteOfOffset.push(end + 2 + varint.length)
    end += 1 + body.length
  }
  assert.equal(walk.run(bytes, 0, end, count), true, String(walk.fault))
  for (const index of [0, 63, 64, 8191, 8192, 2 ** 20 - 1, 2 ** 20, count - 1]) {
    const at = lastByteOfOffset[index]!
    bytes[at]! ^= 2
    assert.equal(walk.run(bytes, 0, end, count), false)
    assert.equal(walk.faultIndex, index)
    bytes[at]! ^= 2
  }
  // The fourth byte of an offset taken for the next field would make this record whole.
  const last = lastByteOfOffset[2 ** 20]! - 6
  const torn = Buffer.concat([bytes.subarray(0, last), Buffer.from([16, 0, 0, 0x80, 0x80, 0x80, 1, 1, 0])])
  assert.equal(walk.run(torn, 0, torn.length, 2 ** 20 + 1), false)
  assert.equal(walk.faultIndex, 2 ** 20)
})
