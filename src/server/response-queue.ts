/**
 * The responses of one connection: they wait here until those before them are done, and leave in the order of the
 * requests, as many of them in one write as are ready.
 *
 * A response is encoded only when its turn has come and the socket has room; a slice of a file is read piece by piece
 * when the socket has room for it. So a slow reader holds at most ENCODED_BYTES_MAX and one piece in memory, besides
 * the responses that its own requests (a bounded number) have produced. `#sendSlice` is the place where sendfile(2)
 * will take over.
 *
 * Invariants
 * - Every enqueued request leaves through `#sent` or `#discard`, which release its frame and its file slices.
 * - While a write is under way nothing else is written: what it used (a piece, request bytes) is reused after it.
 */

import type { Socket } from '../base/network.ts'
import { type Chunk, type FileSlice, isFileSlice } from '../base/payload.ts'
import { EncodeError, type Writer } from '../wire/writer.ts'
import type { BufferPool, Slab } from './buffer-pool.ts'
import { encodeResponse } from './dispatch.ts'
import type { RequestContext } from './request-context.ts'

/** Encoding pauses beyond this many bytes (slices of files included) until they have left. */
const ENCODED_BYTES_MAX = 256 * 1024
/** What is read from a file at once. */
const PIECE_BYTES = 256 * 1024
/** After this many bytes other connections have their turn. */
const TURN_BYTES_MAX = 2 * 1024 * 1024

/**
 * How a flush ended. `idle`: everything that was ready has left. `blocked`: the socket calls onDrain. `more`: flush
 * again, others first. `close`: everything before a request that closes the connection has left.
 */
export type FlushOutcome = 'idle' | 'blocked' | 'more' | 'close'

export class ResponseQueue {
  readonly #socket: Socket
  readonly #pool: BufferPool
  readonly #onSent: (context: RequestContext) => void
  /** Requests in the order of arrival, answered or not. */
  readonly #waiting: RequestContext[] = []
  /** Requests whose responses are in `#chunks`. */
  #sending: RequestContext[] = []
  #chunks: Chunk[] = []
  /** The first chunk that has not been written in full, and how much of it has been if it is a slice. */
  #chunkIndex = 0
  #slicePosition = 0
  /** The piece of a file that the write under way is using. */
  #piece: Slab | undefined
  #isBlocked = false

  constructor(socket: Socket, pool: BufferPool, onSent: (context: RequestContext) => void) {
    this.#socket = socket
    this.#pool = pool
    this.#onSent = onSent
  }

  /** Requests whose responses have not left. */
  get length(): number {
    return this.#waiting.length + this.#sending.length
  }

  /** The peer is slower than we are: a write has not left yet. */
  get isBlocked(): boolean {
    return this.#isBlocked
  }

  /** Whether a flush would do something. */
  get isReady(): boolean {
    return !this.#isBlocked && (this.#sending.length > 0 || this.#waiting[0]?.responded === true)
  }

  enqueue(context: RequestContext): void {
    this.#waiting.push(context)
  }

  onDrain(): void {
    this.#isBlocked = false
    this.#releasePiece()
  }

  /** Sends what is ready. Throws EncodeError or DiskError: the connection can't go on. */
  flush(writer: Writer): FlushOutcome {
    let turnBytes = 0
    while (!this.#isBlocked) {
      const sentBytes = this.#sendChunks(TURN_BYTES_MAX - turnBytes)
      if (this.#isBlocked) break
      turnBytes += sentBytes
      if (this.#chunkIndex < this.#chunks.length) return 'more'
      this.#sent()
      const outcome = this.#encodeReady(writer)
      if (outcome !== undefined) return outcome
      if (turnBytes >= TURN_BYTES_MAX) return 'more'
    }
    return 'blocked'
  }

  /** Fills `#chunks` with responses whose turn has come. Undefined: there is something to send. */
  #encodeReady(writer: Writer): FlushOutcome | undefined {
    const waiting = this.#waiting
    let outcome: FlushOutcome | undefined
    while (outcome === undefined && writer.byteLength < ENCODED_BYTES_MAX) {
      const context = waiting[0]
      if (context?.responded !== true) outcome = 'idle'
      else if (context.closesConnection) outcome = 'close'
      else {
        const response = context.takeResponse()
        if (response !== undefined) this.#encode(context, response, writer)
        waiting.shift()
        this.#sending.push(context)
      }
    }
    if (this.#sending.length === 0) return outcome
    this.#chunks = writer.finish()
    return undefined
  }

  /** The writer is shared by all connections: whatever a failure leaves in it must not go to the next one. */
  #encode(context: RequestContext, response: unknown, writer: Writer): void {
    try {
      encodeResponse(context, response, writer)
    } catch (error) {
      for (const chunk of writer.finish()) release(chunk)
      throw error
    }
  }

  /** Writes chunks until all are written, the socket is full, or `bytesMax` is passed. Returns the bytes written. */
  #sendChunks(bytesMax: number): number {
    let sentBytes = 0
    while (this.#chunkIndex < this.#chunks.length && !this.#isBlocked && sentBytes < bytesMax) {
      const buffers: Uint8Array[] = []
      let chunk = this.#chunks[this.#chunkIndex]
      while (chunk !== undefined && !isFileSlice(chunk)) {
        buffers.push(chunk)
        sentBytes += chunk.byteLength
        this.#chunkIndex += 1
        chunk = this.#chunks[this.#chunkIndex]
      }
      if (chunk !== undefined) sentBytes += this.#sendSlice(chunk, buffers)
      else this.#write(buffers)
    }
    return sentBytes
  }

  /** Sends what stands before the slice together with the next piece of it. */
  #sendSlice(slice: FileSlice, before: Uint8Array[]): number {
    const wantedBytes = Math.min(slice.byteLength - this.#slicePosition, PIECE_BYTES)
    const piece = this.#pool.acquire(Math.max(wantedBytes, 1))
    let readBytes: number
    try {
      readBytes = slice.file.read(piece.bytes, 0, wantedBytes, slice.position + this.#slicePosition)
    } catch (error) {
      piece.release()
      throw error
    }
    if (readBytes < wantedBytes) {
      piece.release()
      throw new RangeError(`${slice.file.path} ends before a response that was promised from it`)
    }
    this.#slicePosition += readBytes
    if (this.#slicePosition === slice.byteLength) {
      this.#slicePosition = 0
      this.#chunkIndex += 1
      slice.release()
    }
    if (readBytes > 0) before.push(piece.bytes.subarray(0, readBytes))
    this.#piece = piece
    this.#write(before)
    return readBytes
  }

  #write(buffers: Uint8Array[]): void {
    if (buffers.length > 0 && !this.#socket.write(buffers)) this.#isBlocked = true
    else this.#releasePiece()
  }

  #releasePiece(): void {
    this.#piece?.release()
    this.#piece = undefined
  }

  /** Everything in `#chunks` has left. */
  #sent(): void {
    const sent = this.#sending
    if (sent.length === 0) return
    this.#sending = []
    this.#chunks = []
    this.#chunkIndex = 0
    for (const context of sent) {
      context.release()
      this.#onSent(context)
    }
  }

  /** The connection is gone: gives back what the responses hold, also those that come later (see `discard`). */
  close(writer: Writer): void {
    this.#releasePiece()
    for (let i = this.#chunkIndex; i < this.#chunks.length; i++) release(this.#chunks[i]!)
    this.#chunks = []
    this.#chunkIndex = 0
    for (const context of this.#sending) context.release()
    this.#sending = []
    const waiting = this.#waiting.splice(0)
    for (const context of waiting) {
      if (context.responded) this.discard(context, writer)
      else context.abandon()
    }
  }

  /** Drops a response that nobody will read. Encoding it is what finds the slices of files in it. */
  discard(context: RequestContext, writer: Writer): void {
    const response = context.takeResponse()
    context.release()
    if (response === undefined) return
    try {
      encodeResponse(context, response, writer)
    } catch (error) {
      // It would have closed the connection, which is gone already.
      if (!(error instanceof EncodeError)) throw error
    }
    for (const chunk of writer.finish()) release(chunk)
  }
}

function release(chunk: Chunk): void {
  if (isFileSlice(chunk)) chunk.release()
}
