import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeVarint } from '../wire/varint.ts'
import { type BatchRules, validateBatch } from './batch-validator.ts'
import { codecById, codecs } from './compression/codec.ts'
import * as RecordBatch from './record-batch.ts'
import { type BatchOptions, buildBatch, type RecordDraft } from './record-batch-builder.ts'

const NOW = 1_700_000_000_000
const rules: BatchRules = {
  origin: 'client',
  nowMs: NOW,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2 ** 63,
  timestampAfterMaxMs: 2 ** 63,
  compactedTopic: false,
}

function batchOf(drafts: RecordDraft[], options?: BatchOptions): Buffer {
  return buildBatch(drafts, options)
}

const twoRecords: RecordDraft[] = [
  { timestampMs: NOW, key: 'a', value: '1', headers: [{ key: 'h', value: null }] },
  { timestampMs: NOW + 1, key: 'b', value: null },
]

/** Changes the batch and gives it a valid checksum again, as a producer with a bug would. */
function withChange(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  const changed = Buffer.from(batch)
  change(changed)
  RecordBatch.writeCrc(changed, 0)
  return changed
}

test('sound batches of every codec pass, and are not touched', () => {
  for (const codec of codecs) {
    const batch = batchOf(twoRecords, {
      compression: codec.name,
      producerId: 1,
      producerEpoch: 0,
      baseSequence: 5,
    })
    const before = Buffer.from(batch)
    assert.equal(validateBatch(batch, rules), undefined)
    assert.ok(batch.equals(before))
  }
})

test('a batch that was cut short is INVALID_RECORD, one with a wrong checksum or length CORRUPT_MESSAGE', () => {
  const batch = batchOf(twoRecords)
  for (let cut = 1; cut < batch.length; cut++) {
    assert.equal(validateBatch(batch.subarray(0, cut), rules)?.error, 'INVALID_RECORD', `cut at ${cut}`)
  }
  for (let at = RecordBatch.CRC_AT; at < batch.length; at++) {
    const damaged = Buffer.from(batch)
    damaged[at]! ^= 0x10
    assert.equal(validateBatch(damaged, rules)?.error, 'CORRUPT_MESSAGE', `byte ${at}`)
  }
  for (const length of [-1, 0, 20]) {
    const odd = withChange(batch, (bytes) => bytes.writeInt32BE(length, RecordBatch.BATCH_LENGTH_AT))
    assert.equal(validateBatch(odd, rules)?.error, 'CORRUPT_MESSAGE', `length ${length}`)
  }
  assert.equal(validateBatch(Buffer.concat([batch, Buffer.from('stray')]), rules)?.error, 'CORRUPT_MESSAGE')
  for (const magic of [3, 0x7f, 0x80, 0xff]) {
    const odd = withChange(batch, (bytes) => (bytes[RecordBatch.MAGIC_AT] = magic))
    assert.equal(validateBatch(odd, rules)?.error, 'CORRUPT_MESSAGE', `magic ${magic}`)
  }
})

test('there is exactly one batch, and it has magic 2', () => {
  const batch = batchOf(twoRecords)
  assert.equal(validateBatch(Buffer.alloc(0), rules)?.error, 'INVALID_RECORD')
  assert.equal(validateBatch(Buffer.concat([batch, batch]), rules)?.error, 'INVALID_RECORD')
  const old = withChange(batch, (bytes) => (bytes[RecordBatch.MAGIC_AT] = 1))
  assert.equal(validateBatch(old, rules)?.error, 'INVALID_RECORD')
})

test("a producer's batch starts at offset 0", () => {
  const batch = batchOf(twoRecords)
  for (const offset of [1n, -1n, 1n << 40n]) {
    const odd = withChange(batch, (bytes) => bytes.writeBigInt64BE(offset, RecordBatch.BASE_OFFSET_AT))
    assert.equal(validateBatch(odd, rules)?.error, 'INVALID_RECORD')
  }
})

test('headers that contradict themselves are INVALID_RECORD', () => {
  const batch = batchOf(twoRecords)
  const cases: [string, (bytes: Buffer) => void][] = [
    ['no records', (bytes) => bytes.writeInt32BE(0, RecordBatch.RECORD_COUNT_AT)],
    ['negative count', (bytes) => bytes.writeInt32BE(-2, RecordBatch.RECORD_COUNT_AT)],
    ['count above the deltas', (bytes) => bytes.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT)],
    ['last delta above the count', (bytes) => bytes.writeInt32BE(7, RecordBatch.LAST_OFFSET_DELTA_AT)],
    ['negative last delta', (bytes) => bytes.writeInt32BE(-1, RecordBatch.LAST_OFFSET_DELTA_AT)],
    ['a control batch', (bytes) => (bytes[RecordBatch.ATTRIBUTES_AT + 1]! |= RecordBatch.CONTROL_MASK)],
    ['transactional without producer', (bytes) => (bytes[RecordBatch.ATTRIBUTES_AT + 1]! |= 0x10)],
    ['producer id without sequence', (bytes) => bytes.writeBigInt64BE(5n, RecordBatch.PRODUCER_ID_AT)],
    ['producer id beyond 2^53', (bytes) => bytes.writeBigInt64BE(2n ** 60n, RecordBatch.PRODUCER_ID_AT)],
  ]
  for (const [name, change] of cases) {
    assert.equal(validateBatch(withChange(batch, change), rules)?.error, 'INVALID_RECORD', name)
  }
  const noEpoch = batchOf(twoRecords, { producerId: 5, baseSequence: 0 })
  assert.equal(validateBatch(noEpoch, rules)?.error, 'INVALID_RECORD')
  const oddCodec = withChange(batch, (bytes) => (bytes[RecordBatch.ATTRIBUTES_AT + 1]! |= 5))
  assert.equal(validateBatch(oddCodec, rules)?.error, 'UNSUPPORTED_COMPRESSION_TYPE')
})

test('uncompressed records must be as many, as long and in the order that the batch says', () => {
  const batch = batchOf(twoRecords)
  const first = RecordBatch.HEADER_BYTES
  const cases: [string, (bytes: Buffer) => void][] = [
    [
      'more records than there are',
      (bytes) => {
        bytes.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT)
        bytes.writeInt32BE(2, RecordBatch.LAST_OFFSET_DELTA_AT)
      },
    ],
    [
      'fewer records than there are',
      (bytes) => {
        bytes.writeInt32BE(1, RecordBatch.RECORD_COUNT_AT)
        bytes.writeInt32BE(0, RecordBatch.LAST_OFFSET_DELTA_AT)
      },
    ],
    ['record length too large', (bytes) => writeVarint(bytes, first, 60)],
    ['record length too small', (bytes) => writeVarint(bytes, first, 3)],
    ['record length negative', (bytes) => writeVarint(bytes, first, -1)],
    ['offset delta', (bytes) => writeVarint(bytes, first + 3, 1)],
    ['key length', (bytes) => writeVarint(bytes, first + 4, 30)],
    ['value length', (bytes) => writeVarint(bytes, first + 6, 50)],
    ['header count', (bytes) => writeVarint(bytes, first + 8, 63)],
    ['negative header count', (bytes) => writeVarint(bytes, first + 8, -1)],
    ['header key length', (bytes) => writeVarint(bytes, first + 9, -1)],
  ]
  for (const [name, change] of cases) {
    const failure = validateBatch(withChange(batch, change), rules)
    assert.equal(failure?.error, 'INVALID_RECORD', name)
    assert.equal(failure?.recordErrors.length, 1, name)
  }
})

test('compressed records are left alone unless something asks for a look', () => {
  const rubbish = Buffer.concat([
    batchOf(twoRecords).subarray(0, RecordBatch.HEADER_BYTES),
    Buffer.from('not gzip'),
  ])
  const batch = withChange(rubbish, (bytes) => {
    bytes.writeInt32BE(bytes.length - RecordBatch.LOG_OVERHEAD_BYTES, RecordBatch.BATCH_LENGTH_AT)
    bytes[RecordBatch.ATTRIBUTES_AT + 1] = 1
  })
  assert.equal(validateBatch(batch, rules), undefined)
  assert.equal(validateBatch(batch, { ...rules, compactedTopic: true })?.error, 'CORRUPT_MESSAGE')
  assert.equal(validateBatch(batch, { ...rules, timestampBeforeMaxMs: 1000 })?.error, 'CORRUPT_MESSAGE')
})

test('on a compacted topic every record without key is named, whatever the codec', () => {
  const drafts: RecordDraft[] = [{ key: 'a' }, { key: null }, { key: '' }, { value: 'x' }]
  for (const codec of codecs) {
    const failure = validateBatch(batchOf(drafts, { compression: codec.name }), {
      ...rules,
      compactedTopic: true,
    })
    assert.equal(failure?.error, 'INVALID_RECORD')
    assert.deepEqual(
      failure?.recordErrors.map((fault) => fault.batchIndex),
      [1, 3],
    )
  }
  assert.equal(
    validateBatch(batchOf([{ key: 'a' }, { key: '' }]), { ...rules, compactedTopic: true }),
    undefined,
  )
})

test('timestamps outside their bounds are INVALID_TIMESTAMP, with the records named', () => {
  const drafts: RecordDraft[] = [
    { timestampMs: NOW, value: 'now' },
    { timestampMs: NOW - 5001, value: 'old' },
    { timestampMs: NOW - 5000, value: 'just not too old' },
    { timestampMs: NOW + 2001, value: 'ahead' },
    { timestampMs: NOW + 2000, value: 'just not too far' },
    { value: 'none' },
  ]
  const bounded: BatchRules = { ...rules, timestampBeforeMaxMs: 5000, timestampAfterMaxMs: 2000 }
  for (const codec of codecs) {
    const failure = validateBatch(batchOf(drafts, { compression: codec.name }), bounded)
    assert.equal(failure?.error, 'INVALID_TIMESTAMP', codec.name)
    assert.deepEqual(
      failure?.recordErrors.map((fault) => fault.batchIndex),
      [1, 3],
    )
    const within = drafts.filter((_, index) => index !== 1 && index !== 3)
    assert.equal(validateBatch(batchOf(within, { compression: codec.name }), bounded), undefined)
    const ahead = validateBatch(batchOf(drafts, { compression: codec.name }), {
      ...rules,
      timestampAfterMaxMs: 2000,
    })
    assert.deepEqual(
      ahead?.recordErrors.map((fault) => fault.batchIndex),
      [3],
    )
  }
})

test('with LogAppendTime the timestamps of the producer do not matter, but the flag is not his to set', () => {
  const bounded: BatchRules = { ...rules, timestampBeforeMaxMs: 1, timestampAfterMaxMs: 1 }
  const batch = batchOf([{ timestampMs: 12 }])
  assert.equal(validateBatch(batch, bounded)?.error, 'INVALID_TIMESTAMP')
  assert.equal(validateBatch(batch, { ...bounded, timestampType: 'LogAppendTime' }), undefined)
  for (const timestampType of ['CreateTime', 'LogAppendTime'] as const) {
    const stamped = batchOf([{ timestampMs: NOW }], { logAppendTimeMs: NOW })
    assert.equal(validateBatch(stamped, { ...rules, timestampType })?.error, 'INVALID_TIMESTAMP')
  }
})

test('a wrong maxTimestamp of uncompressed records is put right, so that the time index holds', () => {
  for (const claimed of [-1n, 0n, BigInt(NOW) + 10_000_000n]) {
    const batch = withChange(batchOf(twoRecords), (bytes) =>
      bytes.writeBigInt64BE(claimed, RecordBatch.MAX_TIMESTAMP_AT),
    )
    assert.equal(validateBatch(batch, rules), undefined)
    assert.equal(RecordBatch.maxTimestamp(batch), NOW + 1)
    assert.ok(RecordBatch.isCrcValid(batch))
  }
})

test('timestamps beyond 2^53 are refused', () => {
  const batch = withChange(batchOf([{ value: 'x' }]), (bytes) => {
    bytes.writeBigInt64BE(2n ** 62n, RecordBatch.BASE_TIMESTAMP_AT)
    bytes.writeBigInt64BE(2n ** 62n, RecordBatch.MAX_TIMESTAMP_AT)
  })
  assert.equal(validateBatch(batch, rules)?.error, 'INVALID_TIMESTAMP')
})

test('coordinators write control batches; the checksum is checked for them too', () => {
  const control = batchOf([{ key: 'k', value: 'v' }], { isControl: true, producerId: 3, producerEpoch: 0 })
  assert.equal(validateBatch(control, { ...rules, origin: 'coordinator' }), undefined)
  assert.equal(validateBatch(control, rules)?.error, 'INVALID_RECORD')
  control[control.length - 1]! ^= 1
  assert.equal(validateBatch(control, { ...rules, origin: 'coordinator' })?.error, 'CORRUPT_MESSAGE')
})

test('a batch that grows beyond the limit when it must be opened is refused', () => {
  const batch = batchOf([{ key: 'k', value: Buffer.alloc(1_000_000) }], { compression: 'zstd' })
  const failure = validateBatch(batch, { ...rules, compactedTopic: true, decompressedBytesMax: 500_000 })
  assert.equal(failure?.error, 'RECORD_LIST_TOO_LARGE')
})

test('the list of wrong records is bounded', () => {
  const drafts = Array.from({ length: 5000 }, (): RecordDraft => ({ value: 'x' }))
  const failure = validateBatch(batchOf(drafts, { compression: 'gzip' }), { ...rules, compactedTopic: true })
  assert.equal(failure?.recordErrors.length, 1000)
})

test('any bytes behind a valid checksum give a verdict, never an exception', () => {
  let state = 4242
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
  for (const codec of codecs) {
    const batch = batchOf(twoRecords, { compression: codecById(codec.id)!.name })
    for (let round = 0; round < 3000; round++) {
      const at = RecordBatch.ATTRIBUTES_AT + below(batch.length - RecordBatch.ATTRIBUTES_AT)
      const damaged = withChange(batch, (bytes) => (bytes[at] = below(256)))
      validateBatch(damaged, { ...rules, compactedTopic: round % 2 === 0, decompressedBytesMax: 100_000 })
    }
  }
})
