/**
 * The responses of one connection: they wait here until those before them are done, and leave in the order of the
 * requests, as many of them in one write as are ready.
 *
 * A response is encoded only when its turn has come and the socket has room; a slice of a file leaves as the socket
 * takes it (slice-sender.ts). So a slow reader holds at most ENCODED_BYTES_MAX and one piece in memory, besides the
 * responses that its own requests (a bounded number) have produced.
 *
 * Invariants
 * - Every enqueued request leaves through `#sent` or `#discard`, which release its frame and its file slices.
 * - While a write is under way nothing else is written: what it used (a piece, request bytes) is reused after it.
 */

import type { Socket } from '../base/network.ts'
import { type Chunk, isFileSlice } from '../base/payload.ts'
import { EncodeError, type Writer } from '../wire/writer.ts'
import type { BufferPool } from './buffer-pool.ts'
import { encodeResponse } from './dispatch.ts'
import type { RequestContext } from './request-context.ts'
import { SliceSender } from './slice-sender.ts'

/** Encoding pauses beyond this many bytes (slices of files included) until they have left. */
const ENCODED_BYTES_MAX = 256 * 1024
/** After this many bytes other connections have their turn. */
const TURN_BYTES_MAX = 2 * 1024 * 1024

/**
 * How a flush ended. `idle`: everything that was ready has left. `blocked`: onDrain or onReady comes. `more`: flush
 * again, others first. `close`: everything before a request that closes the connection has left.
 */
export type FlushOutcome = 'idle' | 'blocked' | 'more' | 'close'

export interface ResponseQueueOptions {
  readonly socket: Socket
  readonly pool: BufferPool
  readonly onSent: (context: RequestContext) => void
  /** After a flush that was blocked by a file and not by the socket: flush again. */
  readonly onReady: () => void
}

export class ResponseQueue {
  readonly #onSent: (context: RequestContext) => void
  readonly #sender: SliceSender
  /** Requests in the order of arrival, answered or not. */
  readonly #waiting: RequestContext[] = []
  /** Requests whose responses are in `#chunks`. */
  #sending: RequestContext[] = []
  #chunks: Chunk[] = []
  /** The first chunk that has not been written in full. */
  #chunkIndex = 0

  constructor({ socket, pool, onSent, onReady }: ResponseQueueOptions) {
    this.#onSent = onSent
    this.#sender = new SliceSender({ socket, pool, onWarm: onReady })
  }

  /** Requests whose responses have not left. */
  get length(): number {
    return this.#waiting.length + this.#sending.length
  }

  /** Something has not left yet, mostly since the peer is slower than we are. */
  get isBlocked(): boolean {
    return this.#sender.isBlocked
  }

  /** Whether a flush would do something. */
  get isReady(): boolean {
    return !this.isBlocked && (this.#sending.length > 0 || this.#waiting[0]?.responded === true)
  }

  enqueue(context: RequestContext): void {
    this.#waiting.push(context)
  }

  onDrain(): void {
    this.#sender.onDrain()
  }

  /** Sends what is ready. Throws EncodeError or DiskError: the connection can't go on. */
  flush(writer: Writer): FlushOutcome {
    let turnBytes = 0
    while (!this.isBlocked) {
      const sentBytes = this.#sendChunks(TURN_BYTES_MAX - turnBytes)
      if (this.isBlocked) break
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
    while (this.#chunkIndex < this.#chunks.length && !this.isBlocked && sentBytes < bytesMax) {
      const buffers: Uint8Array[] = []
      let chunk = this.#chunks[this.#chunkIndex]
      while (chunk !== undefined) {
        const bytes = isFileSlice(chunk) ? this.#sender.gather(chunk) : chunk
        if (bytes === undefined) break
        if (bytes.byteLength > 0) buffers.push(bytes)
        sentBytes += bytes.byteLength
        this.#chunkIndex += 1
        chunk = this.#chunks[this.#chunkIndex]
      }
      if (chunk === undefined || !isFileSlice(chunk)) {
        this.#sender.write(buffers)
        continue
      }
      const sent = this.#sender.send(chunk, buffers)
      sentBytes += sent.sentBytes
      if (sent.isDone) this.#chunkIndex += 1
    }
    return sentBytes
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
    const stillRead = this.#sender.close()
    for (const chunk of this.#chunks.slice(this.#chunkIndex)) if (chunk !== stillRead) release(chunk)
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
