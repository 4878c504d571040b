/**
 * Memory for bytes from and to sockets and files: buffers of power-of-two sizes that are counted by reference and used
 * again. Fresh memory of this size is slow at first touch and is only given back by the garbage collector, so a busy
 * broker that allocated per request would spend its time there.
 *
 * Invariants: the pool keeps at most `keptBytesMax` unused bytes, the rest is left to the garbage collector; a slab
 * comes back when its last reference is released; contents are whatever was there before.
 */
import { assert } from '../base/assert.ts'

/** The smallest size: below it, bookkeeping outweighs the memory. */
const SIZE_BYTES_MIN = 4 * 1024
const KEPT_BYTES_MAX = 32 * 1024 * 1024

export class Slab {
  readonly bytes: Buffer
  readonly #pool: BufferPool
  #references = 1

  constructor(pool: BufferPool, byteCount: number) {
    this.#pool = pool
    this.bytes = Buffer.allocUnsafeSlow(byteCount)
  }

  get references(): number {
    return this.#references
  }

  retain(): void {
    assert(this.#references > 0, 'a slab was retained after it went back')
    this.#references += 1
  }

  release(): void {
    assert(this.#references > 0, 'a slab was released more often than retained')
    this.#references -= 1
    if (this.#references === 0) this.#pool.takeBack(this)
  }

  /** For the pool alone: the first reference of the next use. */
  reuse(): void {
    this.#references = 1
  }
}

export class BufferPool {
  readonly #keptBytesMax: number
  /** Unused slabs, by the power of two of their size. */
  readonly #unused: Slab[][] = []
  #keptBytes = 0
  #usedBytes = 0

  constructor(keptBytesMax = KEPT_BYTES_MAX) {
    this.#keptBytesMax = keptBytesMax
  }

  /** A slab of at least `byteCount` bytes with one reference. */
  acquire(byteCount: number): Slab {
    const power = powerFor(byteCount)
    const slab = this.#unused[power]?.pop()
    this.#usedBytes += 2 ** power
    if (slab === undefined) return new Slab(this, 2 ** power)
    this.#keptBytes -= slab.bytes.length
    slab.reuse()
    return slab
  }

  takeBack(slab: Slab): void {
    const byteCount = slab.bytes.length
    this.#usedBytes -= byteCount
    if (this.#keptBytes + byteCount > this.#keptBytesMax) return
    this.#keptBytes += byteCount
    const power = powerFor(byteCount)
    const unused = this.#unused[power]
    if (unused === undefined) this.#unused[power] = [slab]
    else unused.push(slab)
  }

  /** Bytes in slabs that someone holds. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  get keptBytes(): number {
    return this.#keptBytes
  }
}

function powerFor(byteCount: number): number {
  const wanted = Math.max(byteCount, SIZE_BYTES_MIN)
  return 32 - Math.clz32(wanted - 1)
}
