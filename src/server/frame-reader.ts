/**
 * Cuts the bytes of a connection into frames (a 4-byte size, then as many bytes). Small frames are used where they
 * landed, in a slab; a frame that is larger than the slab is read straight into memory of its own.
 *
 * Bytes land in the range that `readBuffer` named, so only `readBuffer` may move things: whatever is parsed between
 * two calls, also long after a pause, the range stays where it was.
 *
 * Invariants
 * - The slab holds, front to back: frames in use or released, [#parse, #end) received and not yet cut, free space.
 * - A size that a peer claims never picks the size of an allocation: memory of a large frame starts at
 *   LARGE_FRAME_FIRST_BYTES and doubles only when what is there has been filled.
 * - Each frame holds a reference on its slab until it is released.
 */
import { assert } from '../base/assert.ts'
import type { BufferPool, Slab } from './buffer-pool.ts'

/** The first slab is small, for those who only connect; whoever has filled it once gets no slab below SLAB_BYTES_MIN. */
const FIRST_SLAB_BYTES = 4 * 1024
/** Slabs grow while reads fill them. */
const SLAB_BYTES_MIN = 16 * 1024
const SLAB_BYTES_MAX = 256 * 1024
const SLAB_GROWTH = 4
/** A read of less than a sixteenth of the slab says that a smaller one would do. */
const SLAB_SHRINK_FRACTION = 16
/** Less free space than this is not worth a read. */
const FREE_BYTES_MIN = 2 * 1024
/** A batch of the default `max.message.bytes` (1 MiB) and what stands around it fit without a copy. */
const LARGE_FRAME_FIRST_BYTES = 2 * 1024 * 1024
const SIZE_FIELD_BYTES = 4

/** A request as it came, without its size field. */
export class Frame {
  readonly bytes: Buffer
  #slab: Slab | undefined
  readonly #onRelease: (byteCount: number) => void

  constructor(bytes: Buffer, slab: Slab, onRelease: (byteCount: number) => void) {
    this.bytes = bytes
    this.#slab = slab
    this.#onRelease = onRelease
  }

  /** Idempotent. The bytes may be overwritten from now on. */
  release(): void {
    const slab = this.#slab
    if (slab === undefined) return
    this.#slab = undefined
    slab.release()
    this.#onRelease(this.bytes.length)
  }
}

/** Told how many bytes of frames are in use: from the time when they are handed out to their release. */
export interface FrameMemory {
  onHeld(byteCount: number): void
  onReleased(byteCount: number): void
}

interface LargeFrame {
  slab: Slab
  readonly sizeBytes: number
  filledBytes: number
}

export class FrameReader {
  readonly #pool: BufferPool
  readonly #frameBytesMax: number
  readonly #memory: FrameMemory
  readonly #onRelease: (byteCount: number) => void
  #slab: Slab
  #parse = 0
  #end = 0
  #large: LargeFrame | undefined
  #landsInLarge = false
  #landingBytes = 0
  #slabBytes = FIRST_SLAB_BYTES
  #invalidSize: number | undefined

  constructor(pool: BufferPool, frameBytesMax: number, memory: FrameMemory) {
    this.#pool = pool
    this.#frameBytesMax = frameBytesMax
    this.#memory = memory
    this.#onRelease = (byteCount) => memory.onReleased(byteCount)
    this.#slab = pool.acquire(FIRST_SLAB_BYTES)
  }

  /** The size field that can't be: negative, or above the limit. The connection is beyond repair then. */
  get invalidSize(): number | undefined {
    return this.#invalidSize
  }

  /** Where the next bytes go. Call it once before each `received`. */
  readBuffer(): Uint8Array {
    this.#beginLargeFrame()
    const large = this.#large
    this.#landsInLarge = large !== undefined && large.filledBytes < large.sizeBytes
    const range = this.#landsInLarge ? this.#largeRange(large!) : this.#slabRange()
    this.#landingBytes = range.length
    return range
  }

  /** `byteCount` bytes are in the range that `readBuffer` gave last. */
  received(byteCount: number): void {
    assert(byteCount <= this.#landingBytes, 'more was received than there was room for')
    if (this.#landsInLarge) {
      this.#large!.filledBytes += byteCount
      return
    }
    this.#end += byteCount
    if (byteCount === this.#landingBytes) {
      this.#slabBytes = Math.min(this.#slab.bytes.length * SLAB_GROWTH, SLAB_BYTES_MAX)
    } else if (this.#slabBytes > SLAB_BYTES_MIN && byteCount * SLAB_SHRINK_FRACTION < this.#slabBytes) {
      this.#slabBytes /= SLAB_GROWTH
    }
  }

  /** The next complete frame. Undefined: more bytes are needed, or `invalidSize` says why there is none. */
  next(): Frame | undefined {
    const large = this.#large
    if (large !== undefined) {
      if (large.filledBytes < large.sizeBytes) return undefined
      this.#large = undefined
      this.#memory.onHeld(large.sizeBytes)
      return new Frame(large.slab.bytes.subarray(0, large.sizeBytes), large.slab, this.#onRelease)
    }
    const bytes = this.#slab.bytes
    const start = this.#parse + SIZE_FIELD_BYTES
    if (start > this.#end) return undefined
    const size = bytes.readInt32BE(this.#parse)
    if (size < 0 || size > this.#frameBytesMax) {
      this.#invalidSize = size
      return undefined
    }
    if (start + size > this.#end) return undefined
    this.#parse = start + size
    this.#slab.retain()
    this.#memory.onHeld(size)
    return new Frame(bytes.subarray(start, start + size), this.#slab, this.#onRelease)
  }

  /** Gives the memory back; frames that were handed out keep theirs. */
  close(): void {
    this.#slab.release()
    this.#large?.slab.release()
    this.#large = undefined
  }

  #beginLargeFrame(): void {
    const start = this.#parse + SIZE_FIELD_BYTES
    if (this.#large !== undefined || start > this.#end) return
    const bytes = this.#slab.bytes
    const sizeBytes = bytes.readInt32BE(this.#parse)
    if (sizeBytes + SIZE_FIELD_BYTES <= bytes.length || sizeBytes > this.#frameBytesMax) return
    if (start + sizeBytes <= this.#end) return
    const slab = this.#pool.acquire(Math.min(sizeBytes, LARGE_FRAME_FIRST_BYTES))
    const filledBytes = bytes.copy(slab.bytes, 0, start, this.#end)
    this.#large = { slab, sizeBytes, filledBytes }
    this.#parse = this.#end
    // The next large frame will be copied out of the slab up to here, so the less lands there, the better.
    this.#slabBytes = SLAB_BYTES_MIN
  }

  #largeRange(large: LargeFrame): Uint8Array {
    const filled = large.filledBytes
    if (filled === large.slab.bytes.length) {
      const grown = this.#pool.acquire(Math.min(large.sizeBytes, filled * 2))
      large.slab.bytes.copy(grown.bytes, 0, 0, filled)
      large.slab.release()
      large.slab = grown
    }
    return large.slab.bytes.subarray(filled, Math.min(large.sizeBytes, large.slab.bytes.length))
  }

  #slabRange(): Uint8Array {
    const received = this.#end - this.#parse
    if (received === 0 && this.#slab.references === 1) {
      this.#parse = 0
      this.#end = 0
      if (this.#slab.bytes.length !== this.#slabBytes) this.#moveTo(this.#slabBytes)
    } else if (!this.#roomForFrame(received)) {
      this.#moveTo(Math.max(this.#slabBytes, received + FREE_BYTES_MIN, this.#slab.bytes.length))
    }
    return this.#slab.bytes.subarray(this.#end)
  }

  /** Whether the frame that has begun (or a next one of any size) can go on where it is. */
  #roomForFrame(received: number): boolean {
    const capacity = this.#slab.bytes.length
    if (received >= SIZE_FIELD_BYTES) {
      const frameEnd = this.#parse + SIZE_FIELD_BYTES + this.#slab.bytes.readInt32BE(this.#parse)
      if (frameEnd > this.#end) return frameEnd <= capacity
    }
    return capacity - this.#end >= FREE_BYTES_MIN
  }

  /** Takes what was received and not yet cut to the front of a fresh slab, or of this one if no frame is in it. */
  #moveTo(byteCount: number): void {
    const old = this.#slab
    const received = this.#end - this.#parse
    if (old.references === 1 && old.bytes.length === byteCount) {
      old.bytes.copyWithin(0, this.#parse, this.#end)
    } else {
      this.#slab = this.#pool.acquire(byteCount)
      old.bytes.copy(this.#slab.bytes, 0, this.#parse, this.#end)
      old.release()
    }
    this.#parse = 0
    this.#end = received
  }
}
