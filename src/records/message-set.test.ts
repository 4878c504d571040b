import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type BatchRules, validateBatch } from './batch-validator.ts'
import { codecById } from './compression/codec.ts'
import { decompressLz4 } from './compression/lz4.ts'
import { type LegacyMagic, type Message, messageSize, writeMessage } from './message.ts'
import {
  downConvert,
  encodeSet,
  isMessageSet,
  type MessageSet,
  readMessageSet,
  toBatches,
} from './message-set.ts'
import { readRecords } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import { buildBatch, buildEndTransactionMarker } from './record-batch-builder.ts'

interface Fixture {
  readonly name: string
  readonly magic: number
  readonly codec: string
  readonly logAppendTime: boolean
  readonly hex: string
}
const fixtures = (
  JSON.parse(
    readFileSync(new URL('../../src/records/fixtures/batches.json', import.meta.url), 'utf8'),
  ) as Fixture[]
).filter((fixture) => fixture.magic < 2 || fixture.name === 'four records')
const legacyCodecs = [undefined, codecById(1), codecById(2), codecById(3)]
const magics: LegacyMagic[] = [0, 1]
const APPEND_TIME = 1_700_000_009_999
const fourTimes = [1_700_000_000_000, 1_700_000_000_500, 1_699_999_999_000, 1_700_000_000_001]

function expectSet(result: ReturnType<typeof readMessageSet>): MessageSet {
  assert.ok(!('error' in result), 'error' in result ? `${result.error}: ${result.message}` : '')
  return result
}

function texts(messages: readonly Pick<Message, 'offset' | 'timestampMs' | 'key' | 'value'>[]): unknown[] {
  return messages.map(({ offset, timestampMs, key, value }) => [
    offset,
    timestampMs,
    key?.toString() ?? null,
    value?.toString() ?? null,
  ])
}

/** The four records of the fixtures as a reader should find them. */
function four(magic: number, logAppendTime: boolean, baseOffset: number): unknown[] {
  const time = (index: number): number => (magic === 0 ? -1 : logAppendTime ? APPEND_TIME : fourTimes[index]!)
  return [
    [baseOffset, time(0), 'key', 'value value value value'],
    [baseOffset + 1, time(1), null, 'no key'],
    [baseOffset + 2, time(2), 'k', null],
    [baseOffset + 3, time(3), '', ''],
  ]
}

const messages: Message[] = [
  { offset: 500, timestampMs: 1000, key: Buffer.from('k'), value: Buffer.from('v'.repeat(300)) },
  { offset: 501, timestampMs: 3000, key: null, value: Buffer.from('v'.repeat(70_000)) },
  { offset: 504, timestampMs: 2000, key: Buffer.alloc(0), value: null },
]

test("message sets from Apache Kafka's own library are read, of both magics and every codec", () => {
  const sets = fixtures.filter((fixture) => fixture.magic < 2 && fixture.name === 'four records')
  assert.equal(sets.length, 12)
  for (const fixture of sets) {
    const bytes = Buffer.from(fixture.hex, 'hex')
    assert.ok(isMessageSet(bytes))
    const set = expectSet(readMessageSet(bytes))
    assert.deepEqual(texts(set.messages), four(fixture.magic, fixture.logAppendTime, 100), fixture.hex)
    assert.equal(set.codec?.name ?? 'none', fixture.codec)
    assert.equal(set.appendTimeMs, fixture.logAppendTime ? APPEND_TIME : undefined)
  }
})

test('a message set becomes one batch with its codec, keys, values and times, which the validator passes', () => {
  const rules: BatchRules = {
    origin: 'client',
    nowMs: APPEND_TIME,
    timestampType: 'CreateTime',
    timestampBeforeMaxMs: 2 ** 63,
    timestampAfterMaxMs: 2 ** 63,
    compactedTopic: false,
  }
  for (const fixture of fixtures.filter(({ magic, name }) => magic < 2 && name === 'four records')) {
    const converted = toBatches(Buffer.from(fixture.hex, 'hex'))
    assert.ok('batch' in converted)
    const { batch } = converted
    assert.equal(codecById(RecordBatch.compressionId(batch))!.name, fixture.codec)
    assert.deepEqual(texts(readRecords(batch)), four(fixture.magic, fixture.logAppendTime, 0))
    const expected = fixture.logAppendTime ? 'INVALID_TIMESTAMP' : undefined
    assert.equal(validateBatch(batch, rules)?.error, expected)
  }
})

test("down-conversion gives Apache Kafka's bytes, and its messages where they are compressed", () => {
  const targets = fixtures.filter((fixture) => fixture.name === 'down-converted from 102')
  assert.equal(targets.length, 8)
  for (const target of targets) {
    const source = fixtures.find(
      ({ magic, codec, logAppendTime }) => magic === 2 && codec === target.codec && !logAppendTime,
    )
    const { messageSet, failure } = downConvert(Buffer.from(source!.hex, 'hex'), {
      toMagic: target.magic as LegacyMagic,
      fromOffset: 102,
    })
    assert.equal(failure, undefined)
    if (target.codec === 'none') assert.equal(messageSet.toString('hex'), target.hex)
    else assertSameInside(messageSet, Buffer.from(target.hex, 'hex'))
    const ours = expectSet(readMessageSet(messageSet))
    const theirs = expectSet(readMessageSet(Buffer.from(target.hex, 'hex')))
    assert.deepEqual(texts(ours.messages), texts(theirs.messages))
    // An uncompressed batch starts at the offset that was asked for, a compressed one stays whole.
    assert.equal(ours.messages[0]!.offset, target.codec === 'none' ? 102 : 100)
  }
})

/** Compressed bytes differ from library to library; the messages inside must not, nor what is around them. */
function assertSameInside(ours: Buffer, theirs: Buffer): void {
  const [magic, codec] = [ours[16]!, ours[17]! & 7]
  const valueAt = magic === 0 ? 26 : 34
  assert.equal(ours.toString('hex', 16, valueAt - 4), theirs.toString('hex', 16, valueAt - 4))
  const [packed, expected] = [ours.subarray(valueAt), theirs.subarray(valueAt)]
  if (codec === 3)
    assert.equal(packed.toString('hex', 0, 7), expected.toString('hex', 0, 7), 'lz4 frame header')
  const open = (bytes: Buffer): Buffer =>
    codec === 3
      ? decompressLz4(bytes, 100_000, { brokenHeaderChecksum: magic === 0 })
      : codecById(codec)!.decompress(bytes, 100_000)
  assert.equal(open(packed).toString('hex'), open(expected).toString('hex'))
}

test('LogAppendTime is kept in magic 1, on the messages or on their wrapper', () => {
  for (const compression of ['none', 'gzip', 'lz4'] as const) {
    const batch = buildBatch(
      [
        { timestampMs: 5, value: 'a' },
        { timestampMs: 6, value: 'b' },
      ],
      {
        baseOffset: 10,
        compression,
        logAppendTimeMs: APPEND_TIME,
      },
    )
    const set = expectSet(readMessageSet(downConvert(batch, { toMagic: 1, fromOffset: 0 }).messageSet))
    assert.equal(set.appendTimeMs, APPEND_TIME)
    assert.deepEqual(texts(set.messages), [
      [10, APPEND_TIME, null, 'a'],
      [11, APPEND_TIME, null, 'b'],
    ])
  }
})

test('plain messages of a broker-stamped set carry its time, not their own', () => {
  const bytes = encodeSet(messages, { magic: 1, codec: undefined, appendTimeMs: APPEND_TIME })
  const set = expectSet(readMessageSet(bytes))
  assert.ok(set.messages.every((message) => message.timestampMs === APPEND_TIME))
})

test('sets of both magics survive every codec, with gaps between their offsets', () => {
  for (const magic of magics) {
    for (const codec of legacyCodecs) {
      const bytes = encodeSet(messages, { magic, codec, appendTimeMs: undefined })
      const set = expectSet(readMessageSet(bytes))
      const expected = messages.map((message) => (magic === 0 ? { ...message, timestampMs: -1 } : message))
      assert.deepEqual(texts(set.messages), texts(expected))
      assert.equal(set.codec, codec)
    }
  }
})

test('down-conversion drops control batches and cut tails, and stops before what it cannot convert', () => {
  const first = buildBatch([{ value: 'one' }], { baseOffset: 1 })
  const marker = buildEndTransactionMarker({
    committed: true,
    producerId: 1,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestampMs: 1,
    baseOffset: 2,
  })
  const second = buildBatch([{ value: 'two' }], { baseOffset: 3, compression: 'snappy' })
  const modern = buildBatch([{ value: 'three' }], { baseOffset: 4, compression: 'zstd' })
  const log = Buffer.concat([first, marker, second, modern])
  for (const toMagic of magics) {
    const { messageSet, failure } = downConvert(log, { toMagic, fromOffset: 0 })
    assert.equal(failure, undefined)
    const values: string[] = []
    for (const position of RecordBatch.positions(messageSet)) {
      const end = RecordBatch.batchEnd(messageSet, position)
      const set = expectSet(readMessageSet(messageSet.subarray(position, end)))
      for (const message of set.messages) values.push(`${message.offset} ${String(message.value)}`)
    }
    assert.deepEqual(values, ['1 one', '3 two'])
    const refused = downConvert(modern, { toMagic, fromOffset: 0 })
    assert.equal(refused.failure?.error, 'UNSUPPORTED_COMPRESSION_TYPE')
    assert.equal(
      downConvert(log.subarray(0, first.length - 1), { toMagic, fromOffset: 0 }).messageSet.length,
      0,
    )
  }
})

test('entries that are old enough already pass unchanged, magic 1 becomes magic 0 where that is asked for', () => {
  for (const codec of legacyCodecs) {
    const old = encodeSet(messages, { magic: 1, codec, appendTimeMs: undefined })
    assert.ok(downConvert(old, { toMagic: 1, fromOffset: 0 }).messageSet.equals(old))
    const older = downConvert(old, { toMagic: 0, fromOffset: 0 }).messageSet
    if (codec === undefined) continue
    assert.deepEqual(
      expectSet(readMessageSet(older)).messages.map((message) => message.offset),
      [500, 501, 504],
    )
  }
})

test('a wrapper with offset 0, as librdkafka once sent, is read', () => {
  const inner = encodeSet(
    [
      { offset: 0, timestampMs: 1, key: null, value: Buffer.from('a') },
      { offset: 1, timestampMs: 2, key: null, value: Buffer.from('b') },
    ],
    { magic: 1, codec: undefined, appendTimeMs: undefined },
  )
  const set = expectSet(readMessageSet(wrap(inner, { magic: 1, attributes: 1 })))
  assert.deepEqual(
    set.messages.map((message) => message.offset),
    [0, 1],
  )
})

function wrap(inner: Buffer, options: { magic: LegacyMagic; attributes: number; offset?: number }): Buffer {
  const value = codecById(options.attributes & 7)!.compress(inner)
  const wrapper = Buffer.alloc(messageSize(options.magic, null, value))
  writeMessage(wrapper, 0, { offset: 0, timestampMs: 1, key: null, value, ...options })
  return wrapper
}

test('broken sets get the error of Kafka', () => {
  const plain = encodeSet(messages, { magic: 1, codec: undefined, appendTimeMs: undefined })
  const older = encodeSet(messages, { magic: 0, codec: undefined, appendTimeMs: undefined })
  const packed = encodeSet(messages, { magic: 1, codec: codecById(1), appendTimeMs: undefined })
  const badInner = Buffer.from(older)
  badInner[badInner.length - 1]! ^= 1
  const cases: [string, Buffer, string][] = [
    ['empty', Buffer.alloc(0), 'CORRUPT_MESSAGE'],
    ['cut', plain.subarray(0, plain.length - 1), 'CORRUPT_MESSAGE'],
    ['mixed magic', Buffer.concat([plain, older]), 'INVALID_RECORD'],
    ['two wrappers', Buffer.concat([packed, packed]), 'INVALID_RECORD'],
    ['a wrapper behind a message', Buffer.concat([plain, packed]), 'INVALID_RECORD'],
    ['wrapper in wrapper', wrap(packed, { magic: 1, attributes: 2 }), 'INVALID_RECORD'],
    ['other magic inside', wrap(older, { magic: 1, attributes: 1 }), 'INVALID_RECORD'],
    ['damage inside', wrap(badInner, { magic: 0, attributes: 1 }), 'CORRUPT_MESSAGE'],
    ['nothing inside', wrap(Buffer.alloc(0), { magic: 0, attributes: 1 }), 'INVALID_RECORD'],
    ['zstd', wrap(plain, { magic: 1, attributes: 4 }), 'INVALID_RECORD'],
    ['wrapper offset too low', wrap(plain, { magic: 1, attributes: 1, offset: 3 }), 'INVALID_RECORD'],
    ['a batch of magic 2', buildBatch([{ value: 'x' }]), 'CORRUPT_MESSAGE'],
  ]
  for (const [name, bytes, error] of cases) {
    const result = readMessageSet(bytes)
    assert.equal('error' in result ? result.error : 'none', error, name)
  }
  const bomb = wrap(Buffer.alloc(1_000_000), { magic: 0, attributes: 1 })
  const tooLarge = readMessageSet(bomb, 10_000)
  assert.equal('error' in tooLarge && tooLarge.error, 'RECORD_LIST_TOO_LARGE')
})

test('damaged sets give a verdict, never an exception', () => {
  let state = 7
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
  for (const magic of magics) {
    for (const codec of legacyCodecs) {
      const inner = encodeSet(messages.slice(0, 1), { magic, codec: undefined, appendTimeMs: undefined })
      for (let round = 0; round < 1000; round++) {
        const damaged = Buffer.from(inner)
        damaged[below(damaged.length)] = below(256)
        const set = codec === undefined ? damaged : wrap(damaged, { magic, attributes: codec.id })
        toBatches(set, 1_000_000)
        const bytes = Buffer.from(set)
        bytes[below(bytes.length)] = below(256)
        toBatches(bytes, 1_000_000)
      }
    }
  }
})
