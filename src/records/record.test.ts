import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CompressionError, codecs } from './compression/codec.ts'
import { ControlRecordType, controlRecordType, coordinatorEpoch } from './control-record.ts'
import { InvalidRecordError, readRecords, records } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import {
  type BatchOptions,
  buildBatch,
  buildEndTransactionMarker,
  type RecordDraft,
  recompressBatch,
} from './record-batch-builder.ts'

interface Fixture {
  readonly name: string
  readonly magic: number
  readonly codec: string
  readonly logAppendTime: boolean
  readonly hex: string
}
const fixtures = JSON.parse(
  readFileSync(new URL('../../src/records/fixtures/batches.json', import.meta.url), 'utf8'),
) as Fixture[]

const fourRecords: RecordDraft[] = [
  {
    timestampMs: 1_700_000_000_000,
    key: 'key',
    value: 'value value value value',
    headers: [
      { key: 'h1', value: 'v1' },
      { key: 'h2', value: null },
    ],
  },
  { timestampMs: 1_700_000_000_500, key: null, value: 'no key' },
  { timestampMs: 1_699_999_999_000, key: 'k', value: null },
  { timestampMs: 1_700_000_000_001, key: '', value: '' },
]

/** Numbers from a seed, the same on every machine. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (((state >>> 8) / 2 ** 24) * bound) | 0
  }
}

function randomDrafts(below: (bound: number) => number): RecordDraft[] {
  const bytes = (): Buffer | null =>
    below(6) === 0 ? null : Buffer.alloc(below(3) === 0 ? below(2000) : below(20), below(256))
  return Array.from({ length: 1 + below(40) }, () => ({
    timestampMs: below(4) === 0 ? below(2 ** 30) * 4000 : 1_700_000_000_000 + below(5000),
    key: bytes(),
    value: bytes(),
    headers: Array.from({ length: below(3) }, (_, index) => ({ key: `header-${index}-é`, value: bytes() })),
  }))
}

test('random records come back from every codec as they went in', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const below = randomFrom(seed)
    const drafts = randomDrafts(below)
    const options: BatchOptions = { baseOffset: below(1_000_000), baseSequence: below(1000), producerId: 7 }
    for (const codec of codecs) {
      const batch = buildBatch(drafts, { ...options, compression: codec.name })
      assert.ok(RecordBatch.isCrcValid(batch))
      const back = readRecords(batch)
      assert.deepEqual(
        back,
        drafts.map((draft, index) => ({
          offset: options.baseOffset! + index,
          timestampMs: draft.timestampMs,
          sequence: options.baseSequence! + index,
          key: draft.key,
          value: draft.value,
          headers: draft.headers,
        })),
        `seed ${seed}, ${codec.name}`,
      )
      const times = drafts.map((draft) => draft.timestampMs!)
      assert.equal(RecordBatch.maxTimestamp(batch), Math.max(...times))
    }
  }
})

test("batches from Apache Kafka's own library read as what went into them, and are built byte for byte", () => {
  const batches = fixtures.filter((fixture) => fixture.magic === 2 && fixture.name === 'four records')
  assert.equal(batches.length, 10)
  for (const fixture of batches) {
    const bytes = Buffer.from(fixture.hex, 'hex')
    const what = `${fixture.codec}, LogAppendTime ${fixture.logAppendTime}`
    assert.ok(RecordBatch.isCrcValid(bytes), what)
    assert.deepEqual(
      readRecords(bytes).map((record) => ({
        ...record,
        key: record.key?.toString() ?? null,
        value: record.value?.toString() ?? null,
        headers: record.headers.map((header) => ({
          key: header.key,
          value: header.value?.toString() ?? null,
        })),
      })),
      fourRecords.map((draft, index) => ({
        offset: 100 + index,
        timestampMs: fixture.logAppendTime ? 1_700_000_009_999 : draft.timestampMs,
        sequence: -1,
        key: draft.key,
        value: draft.value,
        headers: draft.headers ?? [],
      })),
      what,
    )
    const plain = recompressBatch(bytes, 0, { compression: 'none', maxBytes: 1000 })
    const ours = buildBatch(fourRecords, {
      baseOffset: 100,
      partitionLeaderEpoch: 7,
      ...(fixture.logAppendTime ? { logAppendTimeMs: 1_700_000_009_999 } : {}),
    })
    assert.equal(ours.toString('hex'), plain.toString('hex'), what)
    if (fixture.codec === 'none') assert.equal(ours.toString('hex'), fixture.hex, what)
  }
})

test("transactional batches and end markers are the bytes of Apache Kafka's own", () => {
  const find = (name: string): string => fixtures.find((fixture) => fixture.name === name)!.hex
  const transactional = buildBatch(
    [
      { timestampMs: 1_700_000_000_000, key: 'a', value: 'b' },
      { timestampMs: 1_700_000_000_002, key: 'c', value: 'd' },
    ],
    {
      baseOffset: 5,
      producerId: 4000,
      producerEpoch: 3,
      baseSequence: 2_147_483_646,
      partitionLeaderEpoch: 9,
      isTransactional: true,
    },
  )
  assert.equal(transactional.toString('hex'), find('transactional'))
  assert.deepEqual(
    readRecords(transactional).map((record) => record.sequence),
    [2_147_483_646, 2_147_483_647],
  )
  for (const committed of [true, false]) {
    const marker = buildEndTransactionMarker({
      committed,
      producerId: 4000,
      producerEpoch: 3,
      coordinatorEpoch: 12,
      timestampMs: 1_700_000_000_123,
      baseOffset: 77,
      partitionLeaderEpoch: 9,
    })
    assert.equal(marker.toString('hex'), find(committed ? 'marker commit' : 'marker abort'))
    const [record] = readRecords(marker)
    assert.equal(
      controlRecordType(record!.key),
      committed ? ControlRecordType.COMMIT : ControlRecordType.ABORT,
    )
    assert.equal(coordinatorEpoch(record!.value), 12)
  }
  assert.equal(controlRecordType(Buffer.alloc(3)), -1)
  assert.equal(coordinatorEpoch(null), -1)
})

test('offsets with gaps, as compaction leaves them, keep their places', () => {
  const batch = buildBatch([
    { offset: 10, value: 'a' },
    { offset: 13, value: 'b' },
  ])
  assert.equal(RecordBatch.lastOffset(batch), 13)
  assert.deepEqual(
    readRecords(batch).map((record) => record.offset),
    [10, 13],
  )
})

test('damage inside a batch with a fresh checksum gives typed errors and nothing else', () => {
  const below = randomFrom(99)
  for (const codec of codecs) {
    const batch = buildBatch(fourRecords, { compression: codec.name })
    for (let round = 0; round < 1500; round++) {
      const damaged = Buffer.from(batch)
      for (let flips = 0; flips <= below(3); flips++) {
        damaged[RecordBatch.RECORD_COUNT_AT + below(batch.length - RecordBatch.RECORD_COUNT_AT)] = below(256)
      }
      try {
        for (const record of records(damaged, 0, 100_000)) assert.ok(Number.isInteger(record.offset))
      } catch (error) {
        const isTyped = error instanceof InvalidRecordError || error instanceof CompressionError
        assert.ok(isTyped, `${codec.name}: ${String(error)}`)
      }
    }
  }
})

test('a batch that decompresses beyond the limit is refused', () => {
  for (const codec of codecs.slice(1)) {
    const batch = buildBatch([{ value: Buffer.alloc(100_000) }], { compression: codec.name })
    assert.throws(() => readRecords(batch, 0, 50_000), { name: 'CompressionError', fault: 'too-large' })
  }
})

test('an unknown codec id is refused', () => {
  const batch = buildBatch([{ value: 'x' }])
  batch[RecordBatch.ATTRIBUTES_AT + 1] = 6
  assert.throws(() => readRecords(batch), { name: 'CompressionError', fault: 'unsupported' })
})
