import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Chunk, FileSlice } from '../base/payload.ts'
import { isFileSlice } from '../base/payload.ts'
import { Reader } from './reader.ts'
import { EncodeError, Writer } from './writer.ts'

function join(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat(chunks.filter((chunk) => !isFileSlice(chunk)) as Uint8Array[])
}

function hexOf(write: (writer: Writer) => void): string {
  const writer = new Writer({ slabBytes: 64 })
  write(writer)
  return join(writer.finish()).toString('hex')
}

describe('Writer', () => {
  test('writes the primitive types in network order', () => {
    assert.equal(
      hexOf((w) => w.bool(true)),
      '01',
    )
    assert.equal(
      hexOf((w) => w.int8(-1)),
      'ff',
    )
    assert.equal(
      hexOf((w) => w.int16(-2)),
      'fffe',
    )
    assert.equal(
      hexOf((w) => w.uint16(65535)),
      'ffff',
    )
    assert.equal(
      hexOf((w) => w.int32(-2)),
      'fffffffe',
    )
    assert.equal(
      hexOf((w) => w.uint32(2 ** 32 - 1)),
      'ffffffff',
    )
    assert.equal(
      hexOf((w) => w.int64(-1)),
      'ffffffffffffffff',
    )
    assert.equal(
      hexOf((w) => w.int64(2 ** 32 + 1)),
      '0000000100000001',
    )
    assert.equal(
      hexOf((w) => w.int64Rounded(2 ** 63)),
      '7fffffffffffffff',
    )
    assert.equal(
      hexOf((w) => w.int64Rounded(-(2 ** 63))),
      '8000000000000000',
    )
    assert.equal(
      hexOf((w) => w.float64(2.5)),
      '4004000000000000',
    )
    assert.equal(
      hexOf((w) => w.varlong(-(2 ** 40))),
      'ffffffffff3f',
    )
    assert.equal(
      hexOf((w) => w.uuid('AAAAAAAAAAAAAAAAAAAAAQ')),
      `${'00'.repeat(15)}01`,
    )
  })

  test('values outside their type are refused', () => {
    assert.throws(() => hexOf((w) => w.int8(128)), EncodeError)
    assert.throws(() => hexOf((w) => w.int16(1.5)), EncodeError)
    assert.throws(() => hexOf((w) => w.uint16(-1)), EncodeError)
    assert.throws(() => hexOf((w) => w.int32(2 ** 31)), EncodeError)
    assert.throws(() => hexOf((w) => w.uint32(2 ** 32)), EncodeError)
    assert.throws(() => hexOf((w) => w.int64(2 ** 53)), EncodeError)
    assert.throws(() => hexOf((w) => w.uuid('')), EncodeError)
    assert.throws(() => hexOf((w) => w.uuid('!!!!!!!!!!!!!!!!!!!!!!')), EncodeError)
  })

  test('strings of every length and alphabet stand behind the right length', () => {
    for (const length of [0, 1, 39, 40, 41, 63, 64, 126, 127, 128, 5000]) {
      for (const letter of ['a', 'é', '🚰']) {
        const text = letter.repeat(length)
        const writer = new Writer({ slabBytes: 64 })
        writer.string(text)
        writer.compactString(text)
        const reader = new Reader(join(writer.finish()))
        assert.equal(reader.text(reader.int16()), text)
        assert.equal(reader.text(reader.unsignedVarint() - 1), text)
        assert.equal(reader.remaining, 0)
      }
    }
    assert.equal(
      hexOf((w) => w.string(null)),
      'ffff',
    )
    assert.equal(
      hexOf((w) => w.compactString(null)),
      '00',
    )
    assert.throws(() => hexOf((w) => w.string('x'.repeat(32768))), EncodeError)
  })

  test('several frames share one chunk, each behind its size', () => {
    const writer = new Writer()
    for (const value of [1, 2, 3]) {
      writer.beginFrame()
      writer.int16(value)
      assert.equal(writer.endFrame(), 6)
    }
    const chunks = writer.finish()
    assert.equal(chunks.length, 1)
    assert.equal(join(chunks).toString('hex'), '000000020001000000020002000000020003')
  })

  test('what was handed out stays as it is while the slab is filled further', () => {
    const writer = new Writer({ slabBytes: 64 })
    const outputs: Buffer[] = []
    for (let i = 0; i < 100; i++) {
      writer.beginFrame()
      writer.int32(i)
      writer.endFrame()
      outputs.push(join(writer.finish().map((chunk) => chunk)))
    }
    outputs.forEach((output, i) => {
      assert.equal(output.readInt32BE(4), i)
    })
    assert.equal(writer.byteLength, 0)
    assert.deepEqual(writer.finish(), [])
  })

  test('a frame that spans slabs and payloads gets its size into the first of them', () => {
    const slice: FileSlice = {
      file: {} as FileSlice['file'],
      position: 0,
      byteLength: 100_000,
      release: () => {},
    }
    const large = Buffer.alloc(2000, 7)
    const writer = new Writer({ slabBytes: 32 })
    writer.beginFrame()
    writer.string('before')
    writer.byteField([large, slice, Buffer.from('small')], true)
    writer.string('a text that does not fit into what is left of the slab')
    const frameBytes = writer.endFrame()
    assert.equal(frameBytes, writer.byteLength)
    const chunks = writer.finish()
    assert.ok(chunks.includes(large), 'large payloads are not copied')
    assert.ok(chunks.includes(slice), 'slices of files are passed on')
    const reader = new Reader(join(chunks))
    assert.equal(reader.int32(), frameBytes - 4)
    assert.equal(reader.text(reader.int16()), 'before')
    assert.equal(reader.unsignedVarint() - 1, 2000 + 100_000 + 5)
    assert.equal(reader.slice(2005).toString('latin1', 2000), 'small')
    assert.equal(reader.text(reader.int16()).slice(0, 6), 'a text')
    assert.equal(reader.remaining, 0)
  })

  test('a cancelled frame leaves the frames before it whole', () => {
    const writer = new Writer({ slabBytes: 32 })
    writer.beginFrame()
    writer.int16(7)
    writer.endFrame()
    writer.beginFrame()
    writer.string('x'.repeat(100))
    writer.chunk(Buffer.alloc(3000))
    writer.cancelFrame()
    writer.beginFrame()
    writer.int16(8)
    writer.endFrame()
    assert.equal(writer.byteLength, 12)
    assert.equal(join(writer.finish()).toString('hex'), '000000020007000000020008')
  })

  test('a nested writer puts its size in front of what it holds', () => {
    const writer = new Writer()
    for (const text of ['one', 'three']) {
      const nested = writer.nested()
      nested.raw(Buffer.from(text))
      writer.sized(nested)
    }
    assert.equal(join(writer.finish()).toString('latin1'), '\x03one\x05three')
  })

  test('frames do not nest, and output is not taken in the middle of one', () => {
    const writer = new Writer()
    assert.throws(() => writer.endFrame(), EncodeError)
    writer.beginFrame()
    assert.throws(() => writer.beginFrame(), EncodeError)
    assert.throws(() => writer.finish(), EncodeError)
  })
})
