import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { CompressionError, codecById, codecByName, codecs } from './codec.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { xxh32 } from './xxh32.ts'
import { compressByModule, decompressByModule, zstd } from './zstd.ts'

const LIMIT = 8 * 1024 * 1024

/** Text that compresses, noise that does not, runs that compress to nothing, and sizes at the blocks' edges. */
function samples(): Buffer[] {
  const noise = Buffer.alloc(70_000)
  let state = 12345
  for (let index = 0; index < noise.length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    noise[index] = state >>> 24
  }
  const text = Buffer.from('a record of the log, and another; '.repeat(9000))
  return [0, 1, 13, 32_767, 32_768, 32_769, 65_536, 65_537]
    .flatMap((size) => [noise.subarray(0, size), text.subarray(0, size)])
    .concat([text, Buffer.alloc(1_000_000), noise])
}

test('every codec gives back what it was given', () => {
  for (const codec of codecs) {
    for (const sample of samples()) {
      const back = codec.decompress(codec.compress(sample), sample.length)
      assert.ok(back.equals(sample), `${codec.name}, ${sample.length} bytes`)
    }
  }
})

test('codecs are found by the id of the attributes and by the name of the configuration', () => {
  assert.deepEqual(
    codecs.map((codec) => [codec.id, codec.name]),
    [
      [0, 'none'],
      [1, 'gzip'],
      [2, 'snappy'],
      [3, 'lz4'],
      [4, 'zstd'],
    ],
  )
  assert.equal(codecById(3)?.name, 'lz4')
  assert.equal(codecById(7), undefined)
  assert.equal(codecByName('zstd')?.id, 4)
  assert.equal(codecByName('producer'), undefined)
})

test('output beyond the limit is refused by every codec, one byte short included', () => {
  const bomb = Buffer.alloc(3_000_000)
  for (const codec of codecs) {
    const compressed = codec.compress(bomb)
    for (const maxBytes of [0, 1, 65_536, bomb.length - 1]) {
      assert.throws(
        () => codec.decompress(compressed, maxBytes),
        (error) => error instanceof CompressionError && error.fault === 'too-large',
        `${codec.name} with a limit of ${maxBytes}`,
      )
    }
  }
})

test('a stream cut anywhere, or with a bit flipped, gives a typed error or bounded bytes and nothing else', () => {
  const text = Buffer.from('abcabcabc kafka kafka 0123456789 '.repeat(40))
  for (const codec of codecs.slice(1)) {
    const whole = codec.compress(text)
    for (let cut = 0; cut < whole.length; cut++) {
      // Java's snappy stream has no end mark: its bare header is an empty stream.
      if (codec.name === 'snappy' && cut === 16) continue
      assert.throws(
        () => codec.decompress(whole.subarray(0, cut), LIMIT),
        CompressionError,
        `${codec.name} at ${cut}`,
      )
    }
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      try {
        assert.ok(codec.decompress(damaged, LIMIT).length <= LIMIT)
      } catch (error) {
        assert.ok(error instanceof CompressionError, `${codec.name}, bit ${bit}: ${String(error)}`)
      }
    }
  }
})

test('a header that lies about its length does not choose an allocation', () => {
  const snappyBomb = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x61])
  assert.throws(() => codecById(2)!.decompress(snappyBomb, 2 ** 40), {
    name: 'CompressionError',
    fault: 'corrupt',
  })
  const before = process.memoryUsage().rss
  const frame = compressLz4(Buffer.from('x'))
  frame[5] = 0x70
  frame[6] = (xxh32(frame.subarray(4, 6)) >>> 8) & 0xff
  const blocks = Buffer.concat([
    frame.subarray(0, 7),
    ...Array(2000).fill(frame.subarray(7, -4)),
    Buffer.alloc(4),
  ])
  assert.equal(decompressLz4(blocks, LIMIT).toString(), 'x'.repeat(2000))
  assert.ok(process.memoryUsage().rss - before < 256 * 1024 * 1024)
})

test('snappy: raw blocks and joined Java streams are read, a newer version is refused', () => {
  const snappy = codecById(2)!
  const raw = Buffer.from('171468656c6c6f20420600', 'hex')
  assert.equal(snappy.decompress(raw, LIMIT).toString(), 'hello hello hello hello')
  const framed = snappy.compress(Buffer.from('one,'))
  assert.equal(framed.toString('hex', 0, 16), '82534e4150505900' + '0000000100000001')
  assert.equal(snappy.decompress(Buffer.concat([framed, framed]), LIMIT).toString(), 'one,one,')
  const newer = Buffer.from(framed)
  newer[15] = 2
  assert.throws(() => snappy.decompress(newer, LIMIT), { fault: 'unsupported' })
})

test('gzip: several members are one stream', () => {
  const joined = Buffer.concat([gzipSync('one,'), gzipSync('two')])
  assert.equal(codecById(1)!.decompress(joined, LIMIT).toString(), 'one,two')
})

test('lz4: frames have independent 64 KiB blocks, and the checksum of old messages in both its forms', () => {
  const frame = compressLz4(Buffer.from('hello'))
  assert.equal(frame.toString('hex', 0, 7), '04224d18604082')
  const broken = compressLz4(Buffer.from('hello'), { brokenHeaderChecksum: true })
  assert.notEqual(broken[6], frame[6])
  assert.throws(() => decompressLz4(broken, LIMIT), { fault: 'corrupt' })
  assert.equal(decompressLz4(broken, LIMIT, { brokenHeaderChecksum: true }).toString(), 'hello')
})

test('lz4: block and content checksums are verified, linked blocks are refused', () => {
  // Written by hand: one stored block "abc", block checksum and content checksum both xxh32("abc").
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE(xxh32(Buffer.from('abc')))
  const descriptor = Buffer.from([0x74, 0x40])
  const frame = Buffer.concat([
    Buffer.from('04224d18', 'hex'),
    descriptor,
    Buffer.from([(xxh32(descriptor) >>> 8) & 0xff]),
    Buffer.from([3, 0, 0, 0x80]),
    Buffer.from('abc'),
    checksum,
    Buffer.alloc(4),
    checksum,
  ])
  assert.equal(decompressLz4(frame, LIMIT).toString(), 'abc')
  for (const at of [11, 14, frame.length - 1]) {
    const damaged = Buffer.from(frame)
    damaged[at]! ^= 1
    assert.throws(() => decompressLz4(damaged, LIMIT), { fault: 'corrupt' }, `byte ${at}`)
  }
  const linked = Buffer.from(frame)
  linked[4] = 0x54
  assert.throws(() => decompressLz4(linked, LIMIT), { fault: 'unsupported' })
})

test('xxh32 gives the values of its definition', () => {
  assert.equal(xxh32(Buffer.alloc(0)), 0x02cc5d05)
  assert.equal(xxh32(Buffer.from('abc')), 0x32d153ff)
  assert.equal(xxh32(Buffer.from('Nobody inspects the spammish repetition')), 0xe2293b2f)
})

test("zstd: the module that serves Node 20 and Node's own read each other", () => {
  for (const sample of samples()) {
    assert.ok(decompressByModule(zstd.compress(sample), sample.length).equals(sample))
    assert.ok(zstd.decompress(compressByModule(sample), sample.length).equals(sample))
  }
  const bomb = compressByModule(Buffer.alloc(3_000_000))
  assert.throws(() => decompressByModule(bomb, 2_000_000), { fault: 'too-large' })
  assert.throws(() => decompressByModule(bomb, 2_999_999), { fault: 'too-large' })
  const twice = Buffer.concat([compressByModule(Buffer.from('one,')), compressByModule(Buffer.from('two'))])
  assert.equal(decompressByModule(twice, 1000).toString(), 'one,two')
  assert.equal(zstd.decompress(twice, 1000).toString(), 'one,two')
  assert.equal(zstd.decompress(twice, 7).toString(), 'one,two')
  for (const decompress of [zstd.decompress, decompressByModule]) {
    assert.throws(() => decompress(twice, 6), { fault: 'too-large' })
  }
})
