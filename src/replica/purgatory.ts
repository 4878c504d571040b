/**
 * Operations that wait for something to happen or for their time to run out: a produce with acks=-1 waits for the
 * high watermark, a fetch for min.bytes. An operation is watched under keys (a partition, a group); whoever changes
 * what a key stands for calls `checkAndComplete(key)`.
 *
 * Everything is synchronous on one thread. A completion may cause changes that call `checkAndComplete` again: such
 * calls are queued and run after the current one, so no operation is tried while another is being completed and the
 * stack stays flat.
 *
 * Invariants
 * - `onComplete` runs exactly once for each operation that completes, whether it was done, expired or was forced.
 * - A completed operation is in no watch list and in no timer: nothing is left to purge.
 */
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { TimingWheel } from './timing-wheel.ts'

/** Anything with an identity or a value: strings for names, objects for partitions. */
export type WatchKey = string | number | object

export abstract class DelayedOperation {
  /** When it is given up, in the clock's monotonic time. Set by the purgatory when it starts to wait. */
  deadlineMs = Number.POSITIVE_INFINITY
  readonly delayMs: number
  #completed = false
  #leave: (() => void) | undefined

  constructor(delayMs: number) {
    this.delayMs = delayMs
  }

  /** Looks whether what it waits for is there; if so, calls `forceComplete` and returns what that returns. */
  abstract tryComplete(): boolean

  /** What is to be done at the end, e.g. the response. Runs once. */
  abstract onComplete(): void

  /** Runs after `onComplete` if it was the time that ran out. */
  onExpiration(): void {}

  /** Completes it now. False: it was complete already. */
  forceComplete(): boolean {
    if (this.#completed) return false
    this.#completed = true
    this.#leave?.()
    this.#leave = undefined
    this.onComplete()
    return true
  }

  get isCompleted(): boolean {
    return this.#completed
  }

  /** For the purgatory alone: how to take this operation out of it. */
  watchedBy(leave: () => void): void {
    assert(this.#leave === undefined, 'an operation waits in one purgatory')
    this.#leave = leave
  }
}

export class Purgatory<Operation extends DelayedOperation = DelayedOperation> {
  readonly #clock: Clock
  readonly #wheel: TimingWheel<Operation>
  readonly #watchers = new Map<WatchKey, Set<Operation>>()
  readonly #waiting = new Set<Operation>()
  #checks: WatchKey[] = []
  #isChecking = false

  constructor(clock: Clock) {
    this.#clock = clock
    this.#wheel = new TimingWheel(clock, (operation) => this.#expire(operation))
  }

  /**
   * Completes the operation if it can be, else watches it under `keys` until then or until its `delayMs` have passed
   * (never, if that is infinite). Returns whether it is complete.
   */
  tryCompleteElseWatch(operation: Operation, keys: readonly WatchKey[]): boolean {
    assert(!this.#waiting.has(operation), 'the operation waits already')
    this.#outsideChecks(() => operation.tryComplete())
    if (operation.isCompleted) return true
    if (operation.delayMs > 0) this.#watch(operation, keys)
    else this.#expire(operation)
    return operation.isCompleted
  }

  #watch(operation: Operation, keys: readonly WatchKey[]): void {
    this.#waiting.add(operation)
    for (const key of keys) {
      const watchers = this.#watchers.get(key)
      if (watchers === undefined) this.#watchers.set(key, new Set([operation]))
      else watchers.add(operation)
    }
    const isTimed = operation.delayMs !== Number.POSITIVE_INFINITY
    if (isTimed) {
      operation.deadlineMs = this.#clock.monotonicMs() + operation.delayMs
      this.#wheel.add(operation)
    }
    operation.watchedBy(() => {
      this.#waiting.delete(operation)
      if (isTimed) this.#wheel.remove(operation)
      for (const key of keys) this.#unwatch(key, operation)
    })
  }

  #unwatch(key: WatchKey, operation: Operation): void {
    const watchers = this.#watchers.get(key)
    if (watchers === undefined) return
    watchers.delete(operation)
    if (watchers.size === 0) this.#watchers.delete(key)
  }

  /**
   * Tries every operation watched under `key`, in the order in which they came. Called from inside a completion it
   * only notes the key, and the outermost call does the work before it returns.
   */
  checkAndComplete(key: WatchKey): void {
    if (!this.#watchers.has(key)) return
    this.#checks.push(key)
    this.#runChecks()
  }

  #runChecks(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    try {
      for (let i = 0; i < this.#checks.length; i++) this.#check(this.#checks[i]!)
    } finally {
      this.#checks = []
      this.#isChecking = false
    }
  }

  #check(key: WatchKey): void {
    const watchers = this.#watchers.get(key)
    if (watchers === undefined) return
    // What starts to wait during the check was tried just before: it is not tried again.
    let count = watchers.size
    for (const operation of watchers) {
      if (count-- === 0) return
      if (!operation.isCompleted) operation.tryComplete()
    }
  }

  #expire(operation: Operation): void {
    this.#outsideChecks(() => {
      if (operation.forceComplete()) operation.onExpiration()
    })
  }

  /** Completes everything at once: for a shutdown, where waiting fetches are answered with what there is. */
  completeAll(): void {
    this.#outsideChecks(() => {
      for (const operation of this.#waiting) operation.forceComplete()
    })
  }

  /** Runs something that completes operations, and then the checks that it caused. */
  #outsideChecks(run: () => void): void {
    if (this.#isChecking) {
      run()
      return
    }
    this.#isChecking = true
    try {
      run()
    } finally {
      this.#isChecking = false
    }
    this.#runChecks()
  }

  /** Operations that wait. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** Keys under which something is watched. */
  get watchedKeyCount(): number {
    return this.#watchers.size
  }

  /** How many operations wait under a key. */
  watchedCount(key: WatchKey): number {
    return this.#watchers.get(key)?.size ?? 0
  }
}
