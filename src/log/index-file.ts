/**
 * A sparse index on disk: entries of a fixed size, ascending, appended and binary-searched. The offset index and the
 * time index say what stands in an entry.
 *
 * Entries live in the file, not in memory: 45,000 partitions with millions of entries must not fill the heap. A
 * search reads blocks of the file; a small cache that all indexes of the process share keeps those that sequential
 * readers come back to. New entries gather in a pending buffer and go to the file when it is full, and at flush, roll
 * and close. Apache Kafka maps its indexes into memory, preallocates them, and trims them at roll and close; what is
 * appended here is at any moment what Kafka's trimmed file would be, less some entries at the end. A sparse index
 * that lacks entries is sound: it only makes the scan behind it longer.
 *
 * Invariants: entries [0, written) are in the file, the rest is pending. Nothing is written over. The file of a
 * sealed index is opened for a search and closed after it.
 */
import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'

const PENDING_ENTRIES_MAX = 128
/** A multiple of both entry sizes, 8 and 12 bytes. */
const BLOCK_BYTES = 4080
const CACHED_BLOCKS_MAX = 64

interface CachedBlock {
  indexId: number
  block: number
  byteLength: number
  readonly bytes: Buffer
}

const blockCache: (CachedBlock | undefined)[] = []
let nextIndexId = 1

/** The file's size, or what its last entry says, can't be true: the index is to be rebuilt from its segment. */
export class CorruptIndexError extends DiskError {
  override name = 'CorruptIndexError'

  constructor(path: string, message: string) {
    super('EBADMSG', path, message)
  }
}

export class IndexFile {
  readonly #disk: Disk
  readonly #entryBytes: number
  readonly #entriesMax: number
  #path: string
  #file: DiskFile | undefined
  #written: number
  #pending: Buffer | undefined
  #pendingCount = 0
  /** In the block cache; a new one after every truncation. */
  #cacheId = 0
  #isSealed = false
  /** The file has changed since the last sync. */
  #isUnsynced = false
  /** Set by `find`: where entry `n` lies. */
  #view: Buffer = NO_BYTES
  #viewAt = 0

  /** `sizeBytes` is what the file has; a remainder is CorruptIndexError. */
  constructor(options: {
    disk: Disk
    path: string
    entryBytes: number
    maxBytes: number
    sizeBytes: number
  }) {
    this.#disk = options.disk
    this.#path = options.path
    this.#entryBytes = options.entryBytes
    this.#entriesMax = Math.floor(options.maxBytes / options.entryBytes)
    if (options.sizeBytes % options.entryBytes !== 0) {
      throw new CorruptIndexError(
        options.path,
        `${options.path} has ${options.sizeBytes} bytes, no multiple of ${options.entryBytes}`,
      )
    }
    this.#written = options.sizeBytes / options.entryBytes
  }

  get path(): string {
    return this.#path
  }
  get entryCount(): number {
    return this.#written + this.#pendingCount
  }
  get entriesMax(): number {
    return this.#entriesMax
  }

  /** Fills in one entry. A disk that is full costs the index this entry (false), never the append behind it. */
  append(fill: (buffer: Buffer, at: number) => void): boolean {
    assert(!this.#isSealed, `${this.#path} is sealed`)
    if (this.#pendingCount === PENDING_ENTRIES_MAX && !this.#tryWritePending()) return false
    this.#pending ??= Buffer.allocUnsafe(PENDING_ENTRIES_MAX * this.#entryBytes)
    fill(this.#pending, this.#pendingCount * this.#entryBytes)
    this.#pendingCount++
    return true
  }

  /** Puts pending entries into the file; throws DiskError, and keeps them then. */
  writePending(): void {
    if (this.#pendingCount === 0) return
    this.#file ??= this.#disk.open(this.#path, 'create')
    const bytes = this.#pending!.subarray(0, this.#pendingCount * this.#entryBytes)
    this.#isUnsynced = true
    this.#file.writev([bytes], this.#written * this.#entryBytes)
    this.#written += this.#pendingCount
    this.#pendingCount = 0
  }

  /** Makes the index durable; for sealed segments, whose indexes recovery will not rebuild. */
  async sync(): Promise<void> {
    this.writePending()
    // What comes while the sync is under way is for the next one.
    this.#isUnsynced = false
    const file = this.#disk.open(this.#path, 'create')
    try {
      await file.syncAsync()
    } catch (error) {
      this.#isUnsynced = true
      throw error
    } finally {
      file.close()
    }
  }

  /** The same at the end of a log's life, where nothing is to be waited for; nothing is done for what a sync covered. */
  syncNow(): void {
    this.writePending()
    if (!this.#isUnsynced) return
    const file = this.#disk.open(this.#path, 'create')
    try {
      file.sync()
    } finally {
      file.close()
    }
    this.#isUnsynced = false
  }

  /** No more entries will come: keep neither a buffer nor a descriptor. Throws DiskError, and may be called again. */
  seal(): void {
    this.#isSealed = true
    this.writePending()
    this.#pending = undefined
    this.#closeFile()
  }

  /** The segment takes appends (again). */
  unseal(): void {
    this.#isSealed = false
  }

  /** Calls `read` with where entry `n` lies; throws DiskError. */
  entry<T>(n: number, read: (buffer: Buffer, at: number) => T): T {
    this.#find(n)
    const value = read(this.#view, this.#viewAt)
    if (this.#isSealed) this.#closeFile()
    return value
  }

  /** The last entry whose key, as `keyOf` reads it, is at most `target`; -1 if there is none. */
  lastAtMost(target: number, keyOf: (buffer: Buffer, at: number) => number): number {
    let low = -1
    let high = this.entryCount - 1
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      this.#find(middle)
      if (keyOf(this.#view, this.#viewAt) <= target) low = middle
      else high = middle - 1
    }
    if (this.#isSealed) this.#closeFile()
    return low
  }

  /** Keeps the first `entryCount` entries; throws DiskError. */
  truncate(entryCount: number): void {
    if (entryCount >= this.entryCount) return
    this.#cacheId = 0
    if (entryCount < this.#written) {
      this.#file ??= this.#disk.open(this.#path, 'create')
      this.#isUnsynced = true
      this.#file.truncate(entryCount * this.#entryBytes)
      this.#written = entryCount
      this.#pendingCount = 0
    } else {
      this.#pendingCount = entryCount - this.#written
    }
    if (this.#isSealed) this.#closeFile()
  }

  /** Drops the descriptor without writing: the disk has failed, or the file is to go. */
  discard(): void {
    this.#isSealed = true
    this.#pendingCount = 0
    this.#pending = undefined
    this.#closeFile()
  }

  moved(path: string): void {
    this.#path = path
  }

  #tryWritePending(): boolean {
    try {
      this.writePending()
      return true
    } catch (error) {
      if (error instanceof DiskError) return false
      throw error
    }
  }

  #find(n: number): void {
    assert(n >= 0 && n < this.entryCount, `entry ${n} of ${this.entryCount} in ${this.#path}`)
    if (n >= this.#written) {
      this.#view = this.#pending!
      this.#viewAt = (n - this.#written) * this.#entryBytes
      return
    }
    const position = n * this.#entryBytes
    const block = Math.floor(position / BLOCK_BYTES)
    this.#viewAt = position - block * BLOCK_BYTES
    this.#view = this.#block(block, this.#viewAt + this.#entryBytes)
  }

  /** The block, holding at least its first `bytesMin` bytes. */
  #block(block: number, bytesMin: number): Buffer {
    if (this.#cacheId === 0) this.#cacheId = nextIndexId++
    const slot = (this.#cacheId * 7 + block) % CACHED_BLOCKS_MAX
    let cached = blockCache[slot]
    if (cached?.indexId === this.#cacheId && cached.block === block && cached.byteLength >= bytesMin)
      return cached.bytes
    cached ??= { indexId: 0, block: 0, byteLength: 0, bytes: Buffer.allocUnsafe(BLOCK_BYTES) }
    blockCache[slot] = cached
    cached.indexId = 0
    this.#file ??= this.#disk.open(this.#path, 'write')
    const length = Math.min(BLOCK_BYTES, this.#written * this.#entryBytes - block * BLOCK_BYTES)
    cached.byteLength = this.#file.read(cached.bytes, 0, length, block * BLOCK_BYTES)
    if (cached.byteLength < bytesMin)
      throw new CorruptIndexError(this.#path, `${this.#path} is shorter than it was`)
    cached.indexId = this.#cacheId
    cached.block = block
    return cached.bytes
  }

  #closeFile(): void {
    this.#file?.close()
    this.#file = undefined
  }
}

const NO_BYTES = Buffer.alloc(0)
