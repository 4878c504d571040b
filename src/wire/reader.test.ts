import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DecodeError, Reader } from './reader.ts'
import { decodeText, decodeUuid, ZERO_UUID } from './text.ts'

describe('Reader', () => {
  test('reads the primitive types in network order', () => {
    const reader = new Reader(Buffer.from('01ff8000ffff80000000ffffffff4004000000000000', 'hex'))
    assert.equal(reader.bool(), true)
    assert.equal(reader.int8(), -1)
    assert.equal(reader.int16(), -32768)
    assert.equal(reader.uint16(), 65535)
    assert.equal(reader.int32(), -(2 ** 31))
    assert.equal(reader.uint32(), 2 ** 32 - 1)
    assert.equal(reader.float64(), 2.5)
    assert.equal(reader.remaining, 0)
  })

  test('64-bit integers are exact up to 2^53 and rounded or refused beyond', () => {
    const read = (hex: string) => new Reader(Buffer.from(hex, 'hex'))
    assert.equal(read('001fffffffffffff').int64(), Number.MAX_SAFE_INTEGER)
    assert.equal(read('ffe0000000000001').int64(), -Number.MAX_SAFE_INTEGER)
    assert.equal(read('ffffffffffffffff').int64(), -1)
    assert.throws(() => read('0020000000000000').int64(), DecodeError)
    assert.equal(read('7fffffffffffffff').int64Rounded(), 2 ** 63)
  })

  test('reading past the end is a DecodeError and moves nothing', () => {
    const reader = new Reader(Buffer.alloc(8), 0, 3)
    assert.throws(() => reader.int32(), DecodeError)
    assert.throws(() => reader.slice(4), DecodeError)
    assert.throws(() => reader.text(4), DecodeError)
    assert.throws(() => reader.uuid(), DecodeError)
    assert.equal(reader.position, 0)
    assert.equal(reader.slice(3).length, 3)
    assert.throws(() => reader.int8(), DecodeError)
  })

  test('takes any Uint8Array, and slices share its memory', () => {
    const bytes = new Uint8Array([1, 2, 3, 4])
    const slice = new Reader(bytes.subarray(1)).slice(2)
    bytes[1] = 9
    assert.deepEqual([...slice], [9, 3])
  })
})

describe('text', () => {
  test('what is shared is equal to what stands in the bytes, also after collisions', () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) {
        const expected = i % 3 === 0 ? `tópic-${i}` : `topic-${i}`
        const bytes = Buffer.from(expected)
        assert.equal(decodeText(bytes, 0, bytes.length), expected)
      }
    }
  })

  test('malformed UTF-8 becomes replacement characters', () => {
    assert.equal(decodeText(Buffer.from('61ff62', 'hex'), 0, 3), 'a\ufffdb')
  })

  test('uuids are base64url, also after collisions', () => {
    assert.equal(decodeUuid(Buffer.alloc(16), 0), ZERO_UUID)
    for (let round = 0; round < 2; round++) {
      for (let i = 1; i < 5000; i++) {
        const bytes = Buffer.alloc(16)
        bytes.writeUInt32BE(i, (i % 4) * 4)
        assert.equal(decodeUuid(bytes, 0), bytes.toString('base64url'))
      }
    }
  })
})
