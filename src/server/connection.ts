/**
 * One client's connection: bytes become frames, frames become requests in the order of their arrival, and responses
 * leave in the same order (response-queue.ts). Several requests may be under way at once.
 *
 *     open ──peer ended, server stops, a request closes it──> finishing ──all answered──> closed
 *       └───────────── malformed input, idle, socket error, file or encoding error ──────────┘
 *
 * Back-pressure: nothing more is read while REQUESTS_MAX requests are unanswered (fewer if the peer does not take its
 * responses), while their frames hold more than REQUEST_BYTES_MAX, while the server's share for all connections is
 * used up, or while the client is muted by a throttle; after a throttled response requests are taken one by one. All of
 * these end with requests that are under way or with time, so reading always goes on.
 */
import type { Socket, SocketHandler } from '../base/network.ts'
import type { Writer } from '../wire/writer.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Requester } from './dispatch.ts'
import { type Frame, type FrameMemory, FrameReader } from './frame-reader.ts'
import type { ConnectionInfo, RequestContext } from './request-context.ts'
import { ResponseQueue } from './response-queue.ts'

const REQUESTS_MAX = 64
/** The same while a write waits for the peer. */
const REQUESTS_BLOCKED_MAX = 8
const REQUEST_BYTES_MAX = 32 * 1024 * 1024

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly pool: BufferPool
  readonly requestBytesMax: number
  readonly requestMemory: RequestMemory
  dispatch(connection: Connection, frame: Frame): void
  /** Has `flush` called at the end of this turn. */
  scheduleFlush(connection: Connection): void
  /** For throttles: runs later, unless the server has stopped. */
  after(delayMs: number, run: () => void): void
  monotonicMs(): number
  /** The time that responses take is counted for their clients. */
  readonly isTimed: boolean
  /** Where responses that nobody reads are encoded. */
  readonly scratchWriter: Writer
  onRefused(connection: Connection, reason: string): void
  onBroken(connection: Connection, error: unknown): void
  onInvalidReceive(connection: Connection, sizeBytes: number): void
  onClosed(connection: Connection, error: Error | undefined): void
}

/** Frames in use over all connections. */
export interface RequestMemory {
  readonly isExhausted: boolean
  onHeld(byteCount: number): void
  onReleased(byteCount: number): void
  /** Has `readOn` called when there is room again. */
  wait(connection: Connection): void
}

export class Connection implements SocketHandler, Requester, FrameMemory {
  readonly info: ConnectionInfo
  readonly #socket: Socket
  readonly #host: ConnectionHost
  readonly #frames: FrameReader
  readonly #responses: ResponseQueue
  #state: 'open' | 'finishing' | 'closed' = 'open'
  #isPaused = false
  /** Throttles that have not run out. */
  #muteCount = 0
  /** The last response said that its client is throttled: requests that are sent ahead wait, and are not on credit. */
  #isThrottled = false
  #heldBytes = 0
  /** Since when, in the flush under way, the next response that has left was worked on; undefined: nobody counts. */
  #responseStartMs: number | undefined
  /** What former flushes spent on it. */
  #responseMs = 0
  #lastActiveMs: number
  /** Owned by the server: it is in the list of connections to flush. */
  isFlushScheduled = false

  constructor(socket: Socket, info: ConnectionInfo, host: ConnectionHost) {
    this.info = info
    this.#socket = socket
    this.#host = host
    this.#frames = new FrameReader(host.pool, host.requestBytesMax, this)
    this.#responses = new ResponseQueue({
      socket,
      pool: host.pool,
      onSent: (context) => this.#onSent(context),
      onReady: () => this.#host.scheduleFlush(this),
    })
    this.#lastActiveMs = host.monotonicMs()
  }

  // The socket's side

  readBuffer(): Uint8Array {
    return this.#frames.readBuffer()
  }

  onRead(byteCount: number): void {
    this.#lastActiveMs = this.#host.monotonicMs()
    this.#frames.received(byteCount)
    this.readOn()
  }

  onDrain(): void {
    this.#lastActiveMs = this.#host.monotonicMs()
    this.#responses.onDrain()
    this.#host.scheduleFlush(this)
  }

  onEnd(): void {
    this.finish()
  }

  onClose(error: Error | undefined): void {
    this.#state = 'closed'
    this.#frames.close()
    try {
      this.#responses.close(this.#host.scratchWriter)
    } finally {
      this.#host.onClosed(this, error)
    }
  }

  // Requests

  /** Cuts frames and dispatches them while it may; then reads on, or pauses. */
  readOn(): void {
    while (this.#state === 'open' && this.#mayDispatch()) {
      const frame = this.#frames.next()
      if (frame !== undefined) {
        this.#host.dispatch(this, frame)
        continue
      }
      const invalidSize = this.#frames.invalidSize
      if (invalidSize === undefined) {
        this.#setPaused(false)
      } else {
        this.#host.onInvalidReceive(this, invalidSize)
        this.destroy()
      }
      return
    }
    if (this.#state !== 'closed') this.#setPaused(true)
    if (this.#state === 'open' && this.#host.requestMemory.isExhausted) this.#host.requestMemory.wait(this)
  }

  #mayDispatch(): boolean {
    if (this.#muteCount > 0 || this.#host.requestMemory.isExhausted || this.#heldBytes > REQUEST_BYTES_MAX)
      return false
    if (this.#isThrottled) return this.#responses.length === 0
    return this.#responses.length < (this.#responses.isBlocked ? REQUESTS_BLOCKED_MAX : REQUESTS_MAX)
  }

  #setPaused(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#socket.pause()
    else this.#socket.resume()
  }

  onHeld(byteCount: number): void {
    this.#heldBytes += byteCount
    this.#host.requestMemory.onHeld(byteCount)
  }

  onReleased(byteCount: number): void {
    this.#heldBytes -= byteCount
    this.#host.requestMemory.onReleased(byteCount)
  }

  // Responses

  enqueue(context: RequestContext): void {
    this.#responses.enqueue(context)
  }

  onResponded(context: RequestContext): void {
    if (this.#state === 'closed') this.#responses.discard(context, this.#host.scratchWriter)
    else if (this.#responses.isReady) this.#host.scheduleFlush(this)
  }

  /** Sends what is ready and reads on if that made room. */
  flush(writer: Writer): void {
    if (this.#state === 'closed') return
    if (this.#host.isTimed) this.#responseStartMs = this.#host.monotonicMs()
    try {
      const outcome = this.#responses.flush(writer)
      this.#noteUnsent()
      if (outcome === 'more') this.#host.scheduleFlush(this)
      if (outcome === 'close') this.#state = 'finishing'
      if (this.#state === 'finishing' && (outcome === 'close' || this.#responses.length === 0)) {
        this.#socket.end()
        return
      }
    } catch (error) {
      this.#host.onBroken(this, error)
      this.destroy()
      return
    }
    if (this.#isPaused) this.readOn()
  }

  #onSent(context: RequestContext): void {
    if (this.#responseStartMs !== undefined) {
      const nowMs = this.#host.monotonicMs()
      context.chargeResponse(this.#responseMs + nowMs - this.#responseStartMs)
      this.#responseMs = 0
      this.#responseStartMs = nowMs
    }
    this.#isThrottled = context.throttleMs > 0
    if (!this.#isThrottled) return
    this.#muteCount += 1
    this.#host.after(context.throttleMs, () => {
      this.#muteCount -= 1
      this.readOn()
    })
  }

  #noteUnsent(): void {
    if (this.#responseStartMs === undefined) return
    this.#responseMs += this.#host.monotonicMs() - this.#responseStartMs
    this.#responseStartMs = undefined
  }

  // Ends

  /** Reads nothing more, answers what was asked, closes. */
  finish(): void {
    if (this.#state !== 'open') return
    this.#state = 'finishing'
    this.#setPaused(true)
    if (this.#responses.length === 0) this.#socket.end()
  }

  refuse(reason: string): void {
    this.#host.onRefused(this, reason)
    this.destroy()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#socket.destroy()
  }

  /**
   * Since when the peer has neither sent nor taken anything, in monotonic time. Undefined while it waits for us: a long
   * poll is not idle, a peer that does not take its response is.
   */
  get idleSinceMs(): number | undefined {
    return this.#responses.length > 0 && !this.#responses.isBlocked ? undefined : this.#lastActiveMs
  }
}
