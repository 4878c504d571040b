/**
 * Runs jobs of the cleaner where it is asked to: in a thread of its own, or on a simulation's clock. It works in slices,
 * between which messages come in, and rests as long as the throttle says.
 *
 * Invariant: a job ends with exactly one of `done`, `stopped` and `failed`; nothing of it is posted after that.
 */
import { assert, unreachable } from '../../base/assert.ts'
import type { Clock, Timer } from '../../base/clock.ts'
import { type Disk, DiskError } from '../../base/disk.ts'
import { CompressionError } from '../../records/compression/compression-error.ts'
import { InvalidRecordError } from '../../records/record.ts'
import { CorruptIndexError } from '../index-file.ts'
import { Cleaner, type CleanResult, type CleanStep } from './cleaner.ts'
import type { CleanFailure, CleanJob, FromCleaner, ToCleaner } from './cleaner-messages.ts'
import { CorruptLogError } from './segment-chunks.ts'
import { Throttle } from './throttle.ts'

export class CleanerRunner {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #sliceMs: number
  readonly #post: (message: FromCleaner) => void
  #steps: Generator<CleanStep, CleanResult, void> | undefined
  #throttle = new Throttle(Number.POSITIVE_INFINITY)
  #timer: Timer | undefined

  /** `sliceMs`: how long messages may wait; 0 for a slice of one step. */
  constructor(options: { disk: Disk; clock: Clock; sliceMs: number; post: (message: FromCleaner) => void }) {
    this.#disk = options.disk
    this.#clock = options.clock
    this.#sliceMs = options.sliceMs
    this.#post = options.post
  }

  receive(message: ToCleaner): void {
    switch (message.kind) {
      case 'clean':
        this.#start(message.job)
        break
      case 'swapped':
        this.#continue(0)
        break
      case 'stop':
        this.#stop()
        break
      default:
        unreachable(message)
    }
  }

  /** Does nothing more, not even clean up: the thread it stands for is gone. */
  halt(): void {
    this.#timer?.cancel()
    this.#steps = undefined
  }

  #start(job: CleanJob): void {
    assert(this.#steps === undefined, 'a thread cleans one log at a time')
    this.#throttle = new Throttle(job.config.ioBytesPerSecondMax)
    this.#steps = new Cleaner(job, { disk: this.#disk, clock: this.#clock }).run()
    this.#continue(0)
  }

  #stop(): void {
    const steps = this.#steps
    if (steps === undefined) return
    this.halt()
    steps.return({} as CleanResult)
    this.#post({ kind: 'stopped' })
  }

  #continue(delayMs: number): void {
    if (this.#steps !== undefined) this.#timer = this.#clock.after(delayMs, () => this.#runSlice())
  }

  #runSlice(): void {
    const steps = this.#steps
    if (steps === undefined) return
    const untilMs = this.#clock.monotonicMs() + this.#sliceMs
    try {
      do {
        const next = steps.next()
        if (next.done === true) {
          this.#steps = undefined
          this.#post({ kind: 'done', ...next.value })
          return
        }
        const step = next.value
        if (step.kind !== 'io') this.#post(step)
        if (step.kind === 'cleaned') return
        const delayMs =
          step.kind === 'io' ? this.#throttle.delayMs(step.byteCount, this.#clock.monotonicMs()) : 0
        if (delayMs >= 1) {
          this.#continue(delayMs)
          return
        }
      } while (this.#clock.monotonicMs() < untilMs)
      this.#continue(0)
    } catch (error) {
      this.#steps = undefined
      this.#post({ kind: 'failed', failure: failureOf(error) })
    }
  }
}

/** Anything but a disk's fault or bytes that can't be read is a bug, and ends the thread. */
function failureOf(error: unknown): CleanFailure {
  if (error instanceof DiskError && !(error instanceof CorruptIndexError)) {
    return { kind: 'disk', code: error.code, path: error.path, message: error.message }
  }
  if (
    error instanceof CorruptLogError ||
    error instanceof CorruptIndexError ||
    error instanceof InvalidRecordError ||
    error instanceof CompressionError
  ) {
    return { kind: 'corrupt', message: error.message }
  }
  throw error
}
