import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { DecodeError, Reader } from '../wire/reader.ts'
import { ZERO_UUID } from '../wire/text.ts'
import { writeUnsignedVarint } from '../wire/varint.ts'
import { EncodeError, Writer } from '../wire/writer.ts'
import { ALL_MESSAGES } from './all-messages.testing.ts'
import type { Codec } from './codec.ts'
import { createCodec, decodeBytes, encodeToBuffer } from './codec.ts'
import { FetchResponse } from './messages/01-fetch.ts'
import { ListOffsetsRequest } from './messages/02-list-offsets.ts'
import { MetadataRequest } from './messages/03-metadata.ts'
import { HeartbeatRequest } from './messages/12-heartbeat.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from './messages/18-api-versions.ts'
import type { FieldPlan, StructPlan } from './plan.ts'
import { OBJECTS_MAX, planMessage } from './plan.ts'
import { RandomValues } from './random-values.testing.ts'
import type { Message } from './schema.ts'
import { LONG_MAX } from './schema.ts'

const SEED = Number(process.env.SLUICE_SEED ?? 20261121)

function* everyVersion(): Generator<{ schema: Message; version: number }> {
  for (const schema of ALL_MESSAGES) {
    for (let version = schema.minVersion; version <= schema.maxVersion; version++) yield { schema, version }
  }
}

function bytesOf(codec: Codec, value: unknown): Buffer {
  const writer = new Writer({ slabBytes: 256 })
  codec.encode(value, writer)
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** Decodes all of the bytes, or says which error came instead. */
function outcomeOf(codec: Codec, bytes: Buffer): unknown {
  const reader = new Reader(bytes)
  try {
    return { value: codec.decode(reader), end: reader.position }
  } catch (error) {
    assert.ok(error instanceof DecodeError, `not a DecodeError: ${error}`)
    return 'DecodeError'
  }
}

describe(`every message and version (SLUICE_SEED=${SEED})`, () => {
  test('random values survive encoding and decoding, and both codecs write the same bytes', () => {
    for (const { schema, version } of everyVersion()) {
      const plan = planMessage(schema, version)
      const generated = createCodec(schema, version, 'generated')
      const interpreted = createCodec(schema, version, 'interpreted')
      const random = new RandomValues(SEED + version)
      for (let round = 0; round < 4; round++) {
        const value = random.message(plan)
        const where = `${schema.name} v${version} round ${round}`
        const bytes = bytesOf(generated, value)
        assert.deepEqual(bytes, bytesOf(interpreted, value), where)
        assert.deepEqual(outcomeOf(interpreted, bytes), { value, end: bytes.length }, where)
        assert.deepEqual(outcomeOf(generated, bytes), { value, end: bytes.length }, where)
      }
    }
  })

  test('an empty draft encodes to the defaults wherever the defaults are legal', () => {
    for (const { schema, version } of everyVersion()) {
      const generated = createCodec(schema, version, 'generated')
      const interpreted = createCodec(schema, version, 'interpreted')
      const outcomes = [generated, interpreted].map((codec) => {
        try {
          return bytesOf(codec, {}).toString('hex')
        } catch (error) {
          assert.ok(error instanceof EncodeError, `${schema.name} v${version}: ${error}`)
          return 'EncodeError'
        }
      })
      assert.equal(outcomes[0], outcomes[1], `${schema.name} v${version}`)
    }
  })

  test('input cut short is a DecodeError in both codecs', () => {
    for (const { schema, version } of everyVersion()) {
      const generated = createCodec(schema, version, 'generated')
      const interpreted = createCodec(schema, version, 'interpreted')
      const bytes = bytesOf(generated, new RandomValues(SEED).message(planMessage(schema, version)))
      const step = Math.max(1, Math.floor(bytes.length / 40))
      for (let length = 0; length < bytes.length; length += step) {
        const where = `${schema.name} v${version} cut at ${length} of ${bytes.length}`
        assert.equal(outcomeOf(generated, bytes.subarray(0, length)), 'DecodeError', where)
        assert.equal(outcomeOf(interpreted, bytes.subarray(0, length)), 'DecodeError', where)
      }
    }
  })

  test('corrupted input ends in a value or a DecodeError, the same in both codecs', () => {
    for (const { schema, version } of everyVersion()) {
      const generated = createCodec(schema, version, 'generated')
      const interpreted = createCodec(schema, version, 'interpreted')
      const random = new RandomValues(SEED + 7 * version)
      const bytes = bytesOf(generated, random.message(planMessage(schema, version)))
      if (bytes.length === 0) continue
      for (let round = 0; round < 20; round++) {
        const corrupt = random.corrupt(bytes)
        const where = `${schema.name} v${version} ${corrupt.toString('hex')}`
        assert.deepEqual(outcomeOf(generated, corrupt), outcomeOf(interpreted, corrupt), where)
      }
    }
  })

  test('every array element takes at least a byte, so a count can be held against the bytes that remain', () => {
    const check = (struct: StructPlan): void =>
      struct.fields.filter((f) => f.place !== 'absent').forEach(checkField)
    const checkField = (field: FieldPlan): void => {
      if (field.struct !== undefined) check(field.struct)
      if (field.element === undefined) return
      assert.ok(field.element.bytesMin > 0, field.path)
      checkField(field.element)
    }
    for (const { schema, version } of everyVersion()) check(planMessage(schema, version).root)
  })
})

describe('decoding', () => {
  test('a count beyond what the bytes can hold is refused before anything is allocated', () => {
    const bytes = encodeToBuffer(ListOffsetsRequest, 1, { topics: [{ name: 't', partitions: [] }] })
    bytes.writeInt32BE(0x7fffffff, 4)
    const before = process.memoryUsage().arrayBuffers
    assert.throws(() => decodeBytes(ListOffsetsRequest, 1, bytes), DecodeError)
    assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
  })

  test('a frame that would unfold into millions of objects is refused by both codecs', () => {
    const varint = (value: number): Buffer => {
      const bytes = Buffer.alloc(5)
      return bytes.subarray(0, writeUnsignedVarint(bytes, 0, value))
    }
    const count = OBJECTS_MAX + 1
    // Topics of a zero id and a null name; fields of tag 9 without content.
    const topics = Buffer.concat([varint(count + 1), Buffer.alloc(18 * count), Buffer.alloc(3)])
    const tags = Buffer.concat([Buffer.of(1, 1), varint(count), Buffer.alloc(2 * count, Buffer.of(9, 0))])
    for (const kind of ['generated', 'interpreted'] as const) {
      assert.equal(outcomeOf(createCodec(MetadataRequest, 12, kind), topics), 'DecodeError')
      assert.equal(outcomeOf(createCodec(ApiVersionsRequest, 3, kind), tags), 'DecodeError')
    }
  })

  test('null where the version allows none is a DecodeError, and null where it does is null', () => {
    const nothing = Buffer.from('ffffffff', 'hex')
    assert.throws(() => decodeBytes(MetadataRequest, 0, nothing), DecodeError)
    assert.equal(decodeBytes(MetadataRequest, 1, nothing).topics, null)
  })

  test('bytes behind the value are an error where the value should fill the buffer', () => {
    const bytes = encodeToBuffer(HeartbeatRequest, 0, { groupId: 'g' })
    assert.throws(() => decodeBytes(HeartbeatRequest, 0, Buffer.concat([bytes, Buffer.of(0)])), DecodeError)
  })

  test('fields that the version lacks have their defaults', () => {
    const decoded = decodeBytes(HeartbeatRequest, 0, encodeToBuffer(HeartbeatRequest, 0, { groupId: 'g' }))
    assert.equal(decoded.groupInstanceId, null)
  })

  test('records are a slice of the frame, not a copy', () => {
    const records = Buffer.alloc(5000, 7)
    const frame = encodeToBuffer(FetchResponse, 4, { responses: [{ topic: 't', partitions: [{ records }] }] })
    const decoded = decodeBytes(FetchResponse, 4, frame).responses[0]!.partitions[0]!.records!
    assert.deepEqual(decoded, records)
    assert.equal(decoded.buffer, frame.buffer)
  })

  test('a 64-bit integer beyond 2^53 is a DecodeError, unless the field takes the full range', () => {
    const response = encodeToBuffer(FetchResponse, 4, {
      responses: [{ topic: 't', partitions: [{ highWatermark: 1 }] }],
    })
    const at = response.indexOf(Buffer.from('0000000000000001', 'hex'))
    response.writeBigInt64BE(2n ** 53n, at)
    assert.throws(() => decodeBytes(FetchResponse, 4, response), DecodeError)
    const request = encodeToBuffer(ListOffsetsRequest, 1, {
      topics: [{ name: 't', partitions: [{ timestamp: LONG_MAX }] }],
    })
    assert.notEqual(request.indexOf(Buffer.from('7fffffffffffffff', 'hex')), -1)
    assert.equal(decodeBytes(ListOffsetsRequest, 1, request).topics[0]!.partitions[0]!.timestamp, LONG_MAX)
  })
})

describe('encoding', () => {
  test('a value for a field that the version lacks is an error that names field and version', () => {
    const draft = { groupId: 'g', groupInstanceId: 'i' }
    assert.throws(
      () => encodeToBuffer(HeartbeatRequest, 2, draft),
      (error: unknown) =>
        error instanceof EncodeError && /HeartbeatRequest\(v2\)\.groupInstanceId/.test(error.message),
    )
    encodeToBuffer(HeartbeatRequest, 3, draft)
  })

  test('an ignorable value is dropped where the version lacks the field', () => {
    const bytes = encodeToBuffer(ApiVersionsResponse, 0, { throttleTimeMs: 7 })
    assert.equal(decodeBytes(ApiVersionsResponse, 0, bytes).throttleTimeMs, 0)
  })

  test('numbers outside their type and malformed uuids are EncodeErrors', () => {
    assert.throws(() => encodeToBuffer(HeartbeatRequest, 0, { generationId: 2 ** 31 }), EncodeError)
    assert.throws(() => encodeToBuffer(HeartbeatRequest, 0, { generationId: Number.NaN }), EncodeError)
    assert.throws(() => encodeToBuffer(HeartbeatRequest, 0, { groupId: 'x'.repeat(40_000) }), EncodeError)
    const topics = [{ topicId: 'short', name: null }]
    assert.throws(() => encodeToBuffer(MetadataRequest, 12, { topics }), EncodeError)
    encodeToBuffer(MetadataRequest, 12, { topics: [{ topicId: ZERO_UUID, name: null }] })
  })

  test('unknown tagged fields survive between the known ones', () => {
    const unknownTaggedFields = new Map([
      [9, Buffer.from('nine')],
      [4, Buffer.from('four')],
    ])
    const bytes = encodeToBuffer(ApiVersionsResponse, 3, { finalizedFeaturesEpoch: 5, unknownTaggedFields })
    const decoded = decodeBytes(ApiVersionsResponse, 3, bytes)
    assert.equal(decoded.finalizedFeaturesEpoch, 5)
    assert.deepEqual(decoded.unknownTaggedFields?.get(4), Buffer.from('four'))
    assert.deepEqual(encodeToBuffer(ApiVersionsResponse, 3, decoded), bytes)
    assert.throws(() => encodeToBuffer(ApiVersionsResponse, 2, { unknownTaggedFields }), EncodeError)
  })

  test('large records leave the writer as chunks of their own, uncopied', () => {
    const records = [Buffer.alloc(3000, 1), Buffer.alloc(4000, 2)]
    const writer = new Writer()
    createCodec(FetchResponse, 4, 'generated').encode(
      { responses: [{ topic: 't', partitions: [{ records }] }] },
      writer,
    )
    const chunks = writer.finish()
    assert.ok(chunks.includes(records[0]!) && chunks.includes(records[1]!))
  })
})

test('where code generation is forbidden the interpreter serves', () => {
  const extension = import.meta.url.slice(-2)
  const url = (name: string): string => JSON.stringify(new URL(`${name}.${extension}`, import.meta.url).href)
  const script = `
    import { decodeBytes, encodeToBuffer } from ${url('./codec')}
    import { HeartbeatRequest } from ${url('./messages/12-heartbeat')}
    try { new Function('') } catch (error) { process.stdout.write(error.name + ' ') }
    process.stdout.write(decodeBytes(HeartbeatRequest, 4, encodeToBuffer(HeartbeatRequest, 4, { groupId: 'g' })).groupId)`
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script]
  const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  assert.equal(stdout, 'EvalError g', stderr)
})
