import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../simulator/sim-random.ts'
import { BufferPool } from './buffer-pool.ts'
import { type Frame, FrameReader } from './frame-reader.ts'

const FRAME_BYTES_MAX = 100 * 1024 * 1024

function memory() {
  return {
    heldBytes: 0,
    onHeld(byteCount: number) {
      this.heldBytes += byteCount
    },
    onReleased(byteCount: number) {
      this.heldBytes -= byteCount
    },
  }
}

function framed(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function deliver(reader: FrameReader, bytes: Buffer, pieceBytes: () => number, onPiece: () => void): void {
  let position = 0
  while (position < bytes.length) {
    const range = reader.readBuffer()
    const byteCount = Math.min(range.length, pieceBytes(), bytes.length - position)
    range.set(bytes.subarray(position, position + byteCount))
    position += byteCount
    reader.received(byteCount)
    onPiece()
  }
}

test('frames come out whole wherever the stream is cut', () => {
  const bodies = [Buffer.from('a'), Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(300, 7)]
  const stream = Buffer.concat(bodies.map(framed))
  for (let cut = 1; cut < stream.length; cut++) {
    const reader = new FrameReader(new BufferPool(), FRAME_BYTES_MAX, memory())
    const sizes = [cut, stream.length - cut]
    const frames: Buffer[] = []
    deliver(
      reader,
      stream,
      () => sizes.shift() ?? 1,
      () => {
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          frames.push(Buffer.from(frame.bytes))
          frame.release()
        }
      },
    )
    assert.deepEqual(frames, bodies)
    reader.close()
  }
})

test('who sends little has little memory; who filled it once keeps a larger slab', () => {
  const pool = new BufferPool()
  const reader = new FrameReader(pool, FRAME_BYTES_MAX, memory())
  const receive = (byteCount: number): number => {
    deliver(
      reader,
      framed(Buffer.alloc(byteCount)),
      () => Number.POSITIVE_INFINITY,
      () => reader.next()?.release(),
    )
    return reader.readBuffer().length
  }
  assert.deepEqual([receive(30), pool.usedBytes], [4096, 4096])
  assert.deepEqual([receive(4092), pool.usedBytes], [16_384, 16_384])
  for (let i = 0; i < 10; i++) receive(30)
  assert.deepEqual([receive(30), pool.usedBytes], [16_384, 16_384])
  reader.close()
  assert.equal(pool.usedBytes, 0)
})

test('frames that are held keep their bytes while others come and go, and all memory returns', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new SimRandom(seed)
    const pool = new BufferPool()
    const held = memory()
    const reader = new FrameReader(pool, FRAME_BYTES_MAX, held)
    const bodies = Array.from({ length: 60 }, (_, index) => {
      const byteCount = random.below([20, 5_000, 40_000, 600_000][random.below(4)]!)
      return Buffer.alloc(byteCount, index + 1)
    })
    const inUse: { frame: Frame; body: Buffer }[] = []
    let count = 0
    const finish = (): void => {
      const [entry] = inUse.splice(random.below(inUse.length), 1)
      assert.ok(entry!.frame.bytes.equals(entry!.body), `seed ${seed}: a frame in use was overwritten`)
      entry!.frame.release()
      entry!.frame.release()
    }
    const pieceBytes = (): number => 1 + random.below([10, 3_000, 300_000][random.below(3)]!)
    const stream = Buffer.concat(bodies.map(framed))
    let isPaused = false
    deliver(reader, stream, pieceBytes, () => {
      // A pause leaves complete frames behind, while the next read has its place already.
      isPaused = random.oneIn(5)
      while (!isPaused) {
        const frame = reader.next()
        if (frame === undefined) break
        inUse.push({ frame, body: bodies[count++]! })
        while (inUse.length > 8) finish()
      }
    })
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      inUse.push({ frame, body: bodies[count++]! })
    }
    assert.equal(count, bodies.length)
    while (inUse.length > 0) finish()
    reader.close()
    assert.equal(held.heldBytes, 0)
    assert.equal(pool.usedBytes, 0)
  }
})

test('a frame resumed after a pause goes on in the range that was named before it', () => {
  const reader = new FrameReader(new BufferPool(), FRAME_BYTES_MAX, memory())
  const big = Buffer.alloc(100_000, 9)
  const stream = Buffer.concat([framed(Buffer.from('one')), framed(big)])
  const first = reader.readBuffer()
  first.set(stream.subarray(0, 1000))
  reader.received(1000)
  const second = reader.readBuffer()
  // Only now, long after the next range was named, the receiver takes what is there.
  assert.equal(reader.next()?.bytes.toString(), 'one')
  assert.equal(reader.next(), undefined)
  const byteCount = Math.min(second.length, stream.length - 1000)
  second.set(stream.subarray(1000, 1000 + byteCount))
  reader.received(byteCount)
  deliver(
    reader,
    stream.subarray(1000 + byteCount),
    () => 10_000,
    () => {},
  )
  assert.ok(reader.next()?.bytes.equals(big))
})

for (const size of [-1, -0x80000000, 1001, 0x7fffffff]) {
  test(`a size of ${size} is invalid where 1000 is the limit`, () => {
    const pool = new BufferPool()
    const reader = new FrameReader(pool, 1000, memory())
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(size)
    deliver(
      reader,
      bytes,
      () => 4,
      () => {},
    )
    assert.equal(reader.next(), undefined)
    assert.equal(reader.invalidSize, size)
    assert.ok(pool.usedBytes < 64 * 1024)
  })
}

test('a frame of exactly the limit is taken', () => {
  const reader = new FrameReader(new BufferPool(), 1000, memory())
  deliver(
    reader,
    framed(Buffer.alloc(1000)),
    () => 100,
    () => {},
  )
  assert.equal(reader.next()?.bytes.length, 1000)
})

test('memory of a large frame grows with what arrives, not with what was promised', () => {
  const pool = new BufferPool()
  const reader = new FrameReader(pool, FRAME_BYTES_MAX, memory())
  const size = Buffer.alloc(4)
  size.writeInt32BE(FRAME_BYTES_MAX)
  deliver(
    reader,
    size,
    () => 4,
    () => {},
  )
  let receivedBytes = 0
  while (receivedBytes < 20_000_000) {
    const range = reader.readBuffer()
    assert.ok(pool.usedBytes <= 2 * 1024 * 1024 + 2 * receivedBytes + 300_000)
    const byteCount = Math.min(range.length, 777_777)
    reader.received(byteCount)
    receivedBytes += byteCount
  }
  reader.close()
  assert.equal(pool.usedBytes, 0)
})
