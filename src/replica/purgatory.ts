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
import { LinkedList, type ListNode } from './linked-list.ts'
import { TimingWheel } from './timing-wheel.ts'

/** Lists for keys under which nobody waits now. */
const EMPTY_LISTS_MAX = 64

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
  /** Those under a key; empty lists stay until there are many. */
  readonly #watchers = new Map<WatchKey, LinkedList<Operation>>()
  #emptyLists = 0
  readonly #waiting = new LinkedList<Operation>()
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
    this.#outsideChecks(() => operation.tryComplete())
    return operation.isCompleted || this.watch(operation, keys)
  }

  /** The same for an operation that can't be completed yet, as whoever calls has just seen. */
  watch(operation: Operation, keys: readonly WatchKey[]): boolean {
    if (operation.delayMs > 0) this.#watch(operation, keys)
    else this.#expire(operation)
    return operation.isCompleted
  }

  #watch(operation: Operation, keys: readonly WatchKey[]): void {
    const waiting = this.#waiting.add(operation)
    let timed: ListNode<Operation> | undefined
    if (operation.delayMs !== Number.POSITIVE_INFINITY) {
      operation.deadlineMs = this.#clock.monotonicMs() + operation.delayMs
      timed = this.#wheel.add(operation)
    }
    const watches = keys.map((key) => this.#listOf(key).add(operation))
    operation.watchedBy(() => {
      this.#waiting.remove(waiting)
      if (timed !== undefined) this.#wheel.remove(timed)
      for (const watch of watches) this.#unwatch(watch)
    })
  }

  /** A list that something is about to be added to. */
  #listOf(key: WatchKey): LinkedList<Operation> {
    let list = this.#watchers.get(key)
    if (list === undefined) {
      list = new LinkedList()
      this.#watchers.set(key, list)
    } else if (list.size === 0) this.#emptyLists -= 1
    return list
  }

  /** The list stays for the next who waits, which is mostly soon; when most are empty they all go. */
  #unwatch(watch: ListNode<Operation>): void {
    const { list } = watch
    if (list?.remove(watch) !== true || list.size > 0) return
    this.#emptyLists += 1
    if (this.#emptyLists <= EMPTY_LISTS_MAX + this.#watchers.size / 2) return
    for (const [key, { size }] of this.#watchers) if (size === 0) this.#watchers.delete(key)
    this.#emptyLists = 0
  }

  /**
   * Tries every operation watched under `key`, in the order in which they came. Called from inside a completion it
   * only notes the key, and the outermost call does the work before it returns.
   */
  checkAndComplete(key: WatchKey): void {
    if (this.watchedCount(key) === 0) return
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
    // What starts to wait during the check was tried just before: it is not tried again.
    for (const operation of this.#watchers.get(key)?.values() ?? []) {
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
      for (const operation of this.#waiting.values()) operation.forceComplete()
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
    return this.#watchers.size - this.#emptyLists
  }

  /** Lists that are kept, those of keys under which nobody waits any more among them. */
  get listCount(): number {
    return this.#watchers.size
  }

  /** How many operations wait under a key. */
  watchedCount(key: WatchKey): number {
    return this.#watchers.get(key)?.size ?? 0
  }
}
