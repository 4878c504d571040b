import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRecordError, recordBytes, records } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import { buildBatch } from './record-batch-builder.ts'
import { RecordCursor } from './record-cursor.ts'

const headers = [{ key: 'h', value: 'x'.repeat(300) }]

test('the cursor sees what a reader of the records sees', () => {
  const batch = buildBatch(
    [
      { key: 'a', value: 'one', timestampMs: 1_700_000_000_000 },
      { key: null, value: 'two', timestampMs: 1_600_000_000_000, headers },
      { key: '', value: null, timestampMs: 1_700_000_000_001, offset: 1000 },
      { key: 'k'.repeat(5000), value: '', timestampMs: -1, offset: 2 ** 31 },
    ],
    { baseOffset: 10 },
  )
  const cursor = new RecordCursor()
  cursor.reset(recordBytes(batch))
  for (const record of records(batch)) {
    assert.ok(cursor.next())
    assert.equal(RecordBatch.baseOffset(batch) + cursor.offsetDelta, record.offset)
    assert.equal(RecordBatch.baseTimestamp(batch) + cursor.timestampDelta, record.timestampMs)
    assert.equal(cursor.hasValue, record.value !== null)
    if (record.key === null) assert.equal(cursor.keyStart, -1)
    else assert.deepEqual(cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd), record.key)
  }
  assert.ok(!cursor.next())
})

test('bytes that are no records give InvalidRecordError or records that lie within them, wherever a bit is flipped', () => {
  const batch = buildBatch([
    { key: 'key', value: 'value', timestampMs: 5 },
    { key: 'k', value: null, timestampMs: 6, headers },
  ])
  const sound = recordBytes(batch)
  const cursor = new RecordCursor()
  for (let bit = 0; bit < sound.length * 8; bit++) {
    const damaged = Buffer.from(sound)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    cursor.reset(damaged)
    try {
      while (cursor.next()) {
        assert.ok(cursor.end > cursor.start && cursor.end <= damaged.length && cursor.keyEnd <= cursor.end)
      }
    } catch (error) {
      assert.ok(error instanceof InvalidRecordError)
    }
  }
})
