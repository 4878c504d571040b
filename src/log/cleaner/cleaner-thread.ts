/**
 * One cleaner thread as the event loop sees it: idle, or with one clean under way. The thread of the system behind it is
 * started with its first job, and let go when it has had none for a while, with the memory that it holds.
 *
 * Invariant: every job that was started ends with one call of `onEnd`, unless `shutdown` came first.
 */
import { assert } from '../../base/assert.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import type { StartWorker, WorkerThread } from '../../base/worker.ts'
import type { CleanedSegment, CleanFailure, CleanJob, FromCleaner, ToCleaner } from './cleaner-messages.ts'
import type { CleanerStats } from './cleaner-stats.ts'

/** How long the system's thread is kept without work. */
const IDLE_MS_MAX = 60_000

export type CleanEnd =
  | { readonly kind: 'done'; readonly nextDirtyOffset: number; readonly stats: CleanerStats }
  /** Because it was asked to, or because a cleaned segment was not taken. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: CleanFailure }
  /** A bug has ended the thread. */
  | { readonly kind: 'died'; readonly error: Error }

export interface CleanHandlers {
  readonly onLog: (level: 'debug' | 'info' | 'warn', line: string) => void
  /** Takes the segment into the log. False: it does not belong there any more, and neither would the rest. */
  readonly onCleaned: (segment: CleanedSegment) => boolean
  readonly onEnd: (end: CleanEnd) => void
}

export class CleanerThread {
  readonly id: number
  readonly #clock: Clock
  readonly #startWorker: StartWorker<ToCleaner, FromCleaner>
  #worker: WorkerThread<ToCleaner> | undefined
  #handlers: CleanHandlers | undefined
  #idleTimer: Timer | undefined

  constructor(options: { id: number; clock: Clock; startWorker: StartWorker<ToCleaner, FromCleaner> }) {
    this.id = options.id
    this.#clock = options.clock
    this.#startWorker = options.startWorker
  }

  start(job: CleanJob, handlers: CleanHandlers): void {
    assert(this.#handlers === undefined, 'a thread cleans one log at a time')
    this.#idleTimer?.cancel()
    this.#handlers = handlers
    this.#worker ??= this.#startWorker({
      onMessage: (message) => this.#onMessage(message),
      onDeath: (error) => {
        this.#worker = undefined
        this.#end({ kind: 'died', error })
      },
    })
    this.#worker.post({ kind: 'clean', job })
  }

  /** Asks the clean under way to end soon. */
  stop(): void {
    this.#worker?.post({ kind: 'stop' })
  }

  /** Ends the system's thread; nothing is heard of a clean under way. */
  async shutdown(): Promise<void> {
    this.#idleTimer?.cancel()
    this.#handlers = undefined
    const worker = this.#worker
    this.#worker = undefined
    await worker?.stop()
  }

  #onMessage(message: FromCleaner): void {
    const handlers = this.#handlers
    if (handlers === undefined) return
    if (message.kind === 'log') handlers.onLog(message.level, message.line)
    else if (message.kind !== 'cleaned') this.#end(message)
    else this.#worker?.post({ kind: handlers.onCleaned(message.segment) ? 'swapped' : 'stop' })
  }

  #end(end: CleanEnd): void {
    const handlers = this.#handlers
    this.#handlers = undefined
    this.#idleTimer = this.#clock.after(IDLE_MS_MAX, () => {
      void this.#worker?.stop()
      this.#worker = undefined
    })
    handlers?.onEnd(end)
  }
}
