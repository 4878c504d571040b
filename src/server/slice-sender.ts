/**
 * Sends a slice of a file over a connection, as much of it at a time as the socket takes: by sendfile(2) where there is
 * such a thing (base/network.ts), else piece by piece through memory of the pool.
 *
 * The two mix. A socket that takes nothing more is written a small piece, which waits in the stream for the peer and
 * calls onDrain; from there on the kernel takes the file again. So there is one way to wait for a slow reader, and each
 * error is reported by the read or the write that meets it.
 *
 * What is not in the page cache would stop the loop, and everybody with it, until the device has delivered: it is read
 * in the thread pool first, into memory that is then dropped, for what counts is that it is in the page cache now.
 *
 * Invariants
 * - While a write or such a read is under way (`isBlocked`) nothing else is sent: what it uses is used by it alone.
 * - A slice is released once: when all of it has been sent, or by whoever closes, or when the read that is under way at
 *   the close has ended.
 */
import type { Socket } from '../base/network.ts'
import type { FileSlice } from '../base/payload.ts'
import type { BufferPool, Slab } from './buffer-pool.ts'

/** What is looked for in the page cache, and sent, at once. */
const WINDOW_BYTES = 1024 * 1024
/** What is read from a file at once. */
const PIECE_BYTES = 256 * 1024
/** The piece that waits for the peer in place of the file, or that goes out together with what stands before a slice. */
const SMALL_PIECE_BYTES = 16 * 1024
/** Small slices that lie together in one piece: those of a fetch of many partitions leave in one write. */
const GATHERED_BYTES_MAX = 64 * 1024

export interface SliceSenderOptions {
  readonly socket: Socket
  readonly pool: BufferPool
  /** After `isBlocked` because of a cold file: it can go on. */
  readonly onWarm: () => void
}

export class SliceSender {
  readonly #options: SliceSenderOptions
  /** The slice that is being sent, how much of it has been, and how far it is known to be in the page cache. */
  #slice: FileSlice | undefined
  #sentBytes = 0
  #warmBytes = 0
  /** The pieces that the next write or the one under way is using. */
  #pieces: Slab[] = []
  /** The last of them if it takes small slices, and how much of it is used. */
  #gathering: Slab | undefined
  #gatheredBytes = 0
  #isWriting = false
  #isWarming = false
  #warmError: unknown
  #isClosed = false

  constructor(options: SliceSenderOptions) {
    this.#options = options
  }

  get isBlocked(): boolean {
    return this.#isWriting || this.#isWarming
  }

  onDrain(): void {
    this.#isWriting = false
    this.#releasePieces()
  }

  write(buffers: readonly Uint8Array[]): void {
    if (buffers.length > 0 && !this.#options.socket.write(buffers)) this.#isWriting = true
    else this.#releasePieces()
  }

  /**
   * The bytes of a small slice, which is released, for a write together with what stands around them. Undefined: it is
   * to be sent, after what was gathered. Throws as `send`.
   */
  gather(slice: FileSlice): Uint8Array | undefined {
    const { file, position, byteLength } = slice
    if (byteLength > SMALL_PIECE_BYTES || this.#sentBytes > 0 || this.#warmBytes > 0) return undefined
    if (this.#gathering !== undefined && this.#gatheredBytes + byteLength > GATHERED_BYTES_MAX)
      return undefined
    if (!file.isCached(position, byteLength)) return undefined
    if (this.#gathering === undefined) {
      this.#gathering = this.#options.pool.acquire(GATHERED_BYTES_MAX)
      this.#gatheredBytes = 0
      this.#pieces.push(this.#gathering)
    }
    const start = this.#gatheredBytes
    this.#readWhole(slice, { target: this.#gathering.bytes, start, position, byteCount: byteLength })
    this.#gatheredBytes += byteLength
    slice.release()
    return this.#gathering.bytes.subarray(start, start + byteLength)
  }

  /**
   * Sends `before` and then some of the slice, or none. Returns how many bytes of the slice; all of it has been sent, and
   * it is released, when `isDone`. Throws DiskError, or RangeError if the file ends before the slice does.
   */
  send(slice: FileSlice, before: Uint8Array[]): { readonly sentBytes: number; readonly isDone: boolean } {
    this.#slice = slice
    const leftBytes = slice.byteLength - this.#sentBytes
    const windowBytes = this.#warmWindow(slice, Math.min(leftBytes, WINDOW_BYTES), before.length > 0)
    let sentBytes = 0
    if (windowBytes === 0) this.write(before)
    else {
      if (before.length === 0) sentBytes = this.#sendFile(slice, windowBytes)
      if (sentBytes === 0) sentBytes = this.#sendPiece(slice, windowBytes, before)
    }
    this.#sentBytes += sentBytes
    const isDone = this.#sentBytes === slice.byteLength
    if (isDone) {
      this.#forget()
      slice.release()
    }
    return { sentBytes, isDone }
  }

  /** How much may be sent without waiting for the device: nothing after the start of a read that brings it. */
  #warmWindow(slice: FileSlice, byteCount: number, isSomethingBefore: boolean): number {
    if (this.#warmError !== undefined) throw this.#warmError
    const knownBytes = this.#warmBytes - this.#sentBytes
    if (knownBytes > 0) return Math.min(knownBytes, byteCount)
    const position = slice.position + this.#sentBytes
    if (!slice.file.isCached(position, byteCount)) {
      if (!isSomethingBefore) this.#warm(slice, position, byteCount)
      return 0
    }
    this.#warmBytes = this.#sentBytes + byteCount
    return byteCount
  }

  #sendFile(slice: FileSlice, byteCount: number): number {
    const { socket } = this.#options
    if (socket.sendFile === undefined || byteCount <= SMALL_PIECE_BYTES) return 0
    return socket.sendFile(slice.file, slice.position + this.#sentBytes, byteCount)
  }

  #sendPiece(slice: FileSlice, byteCount: number, before: Uint8Array[]): number {
    const { socket, pool } = this.#options
    const wantedBytes = Math.min(byteCount, socket.sendFile ? SMALL_PIECE_BYTES : PIECE_BYTES)
    const piece = pool.acquire(wantedBytes)
    this.#pieces.push(piece)
    const position = slice.position + this.#sentBytes
    this.#readWhole(slice, { target: piece.bytes, start: 0, position, byteCount: wantedBytes })
    before.push(piece.bytes.subarray(0, wantedBytes))
    this.write(before)
    return wantedBytes
  }

  #readWhole(
    { file }: FileSlice,
    range: { target: Uint8Array; start: number; position: number; byteCount: number },
  ): void {
    const readBytes = file.read(range.target, range.start, range.byteCount, range.position)
    if (readBytes < range.byteCount)
      throw new RangeError(`${file.path} ends before a response that was promised from it`)
  }

  #warm(slice: FileSlice, position: number, byteCount: number): void {
    this.#isWarming = true
    const ended = (error?: unknown): void => {
      this.#isWarming = false
      if (this.#isClosed) slice.release()
      else {
        this.#warmError = error
        this.#warmBytes = this.#sentBytes + byteCount
        this.#options.onWarm()
      }
    }
    readThrough(slice, position, byteCount, this.#options.pool).then(() => ended(), ended)
  }

  #releasePieces(): void {
    for (const piece of this.#pieces) piece.release()
    this.#pieces.length = 0
    this.#gathering = undefined
  }

  #forget(): void {
    this.#slice = undefined
    this.#sentBytes = 0
    this.#warmBytes = 0
  }

  /** The connection is gone. @returns the slice that is still being read, and is released afterwards. */
  close(): FileSlice | undefined {
    this.#isClosed = true
    this.#releasePieces()
    return this.#isWarming ? this.#slice : undefined
  }
}

/** Reads a range in the thread pool and drops what was read. Rejects with DiskError. */
async function readThrough(
  slice: FileSlice,
  position: number,
  byteCount: number,
  pool: BufferPool,
): Promise<void> {
  const piece = pool.acquire(Math.min(byteCount, PIECE_BYTES))
  try {
    for (let done = 0; done < byteCount; ) {
      const wantedBytes = Math.min(byteCount - done, PIECE_BYTES)
      const readBytes = await slice.file.readAsync(piece.bytes, 0, wantedBytes, position + done)
      // A file that ends early is found out when the bytes are sent.
      if (readBytes < wantedBytes) return
      done += readBytes
    }
  } finally {
    piece.release()
  }
}
