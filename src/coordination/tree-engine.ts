/**
 * An engine in this process: a ZnodeTree, the queue of writes to it, and the sessions that ask. MemoryStore is this
 * with nothing behind it, EmbeddedStore with a database that makes each batch durable.
 *
 * Group commit: one batch is being persisted at a time; what arrives meanwhile forms the next batch. Writes of a
 * batch are applied in order to one draft, the draft is persisted, and only then does the tree change; watches fire
 * and callers are answered, in zxid order.
 *
 * When persisting fails, nothing is known about the batch, so the engine fails for good: every call from there on
 * is a SystemError, and `onFailure` tells the owner, who stops the process.
 */
import type { Clock } from '../base/clock.ts'
import { type Operation, type OperationResult, StoreError } from './metadata-store.ts'
import { TreeSession } from './tree-session.ts'
import type { Draft, TreeEvent, ZnodeTree } from './znode-tree.ts'

/** Calls that may wait; one more fails with ConnectionLoss. */
const QUEUED_REQUESTS_MAX = 65_536
/** Operations in one batch: bounds the memory of a draft and the latency of the first in it. */
const BATCH_OPERATIONS_MAX = 4_096

export interface TreeEngineOptions {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly tree: ZnodeTree
  /** The zxid of the last write in `tree`. */
  readonly lastZxid: number
  /** Resolves when the draft is durable, with the zxid of its last write. */
  readonly persist: ((draft: Draft, lastZxid: number) => Promise<void>) | undefined
  readonly onFailure: (error: unknown) => void
}

interface Write {
  readonly type: 'write'
  readonly sessionId: number
  readonly operations: readonly Operation[]
  readonly resolve: (results: OperationResult[]) => void
  readonly reject: (error: StoreError) => void
}

type Request =
  | Write
  | { readonly type: 'read'; readonly run: () => void; readonly reject: (error: StoreError) => void }
  /** The end of a session: alone in its batch, so that the tree knows every node the session made. */
  | { readonly type: 'end'; readonly sessionId: number; readonly done: () => void }

export class TreeEngine {
  readonly tree: ZnodeTree
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #persist: TreeEngineOptions['persist']
  readonly #onFailure: (error: unknown) => void
  readonly #sessions = new Map<number, TreeSession>()
  #lastZxid: number
  #lastSessionId: number
  #queue: Request[] = []
  #draining = false
  #failed = false

  constructor(options: TreeEngineOptions) {
    this.tree = options.tree
    this.#clock = options.clock
    this.#persist = options.persist
    this.#onFailure = options.onFailure
    this.#lastZxid = options.lastZxid
    this.#lastSessionId = options.lastZxid
  }

  /** The zxid of the last write that was acknowledged or is being persisted. */
  get lastZxid(): number {
    return this.#lastZxid
  }

  connect(chroot = ''): TreeSession {
    return new TreeSession(this, chroot)
  }

  openSession(session: TreeSession): number {
    const sessionId = ++this.#lastSessionId
    this.#sessions.set(sessionId, session)
    return sessionId
  }

  /** Queues writes. They fail as a whole (a StoreError), or succeed as a whole. */
  write(sessionId: number, operations: readonly Operation[]): Promise<OperationResult[]> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'write', sessionId, operations, resolve, reject }, reject)
    })
  }

  /** Runs `read` on a tree that has all writes queued so far. */
  readAfterWrites<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#submit({ type: 'read', run: () => resolve(read()), reject }, reject)
    })
  }

  /** Deletes the session's ephemeral nodes. Calls made before it are answered first. */
  endSession(sessionId: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed || !this.#sessions.has(sessionId)) resolve()
      else this.#submit({ type: 'end', sessionId, done: resolve }, reject)
    })
  }

  /** Answers what was asked so far; later calls fail. */
  async shutdown(): Promise<void> {
    if (!this.#failed) await this.readAfterWrites(() => undefined)
    this.#failed = true
  }

  get failed(): boolean {
    return this.#failed
  }

  #submit(request: Request, reject: (error: StoreError) => void): void {
    const overflow = request.type !== 'end' && this.#queue.length >= QUEUED_REQUESTS_MAX
    if (this.#failed || overflow) {
      reject(new StoreError(this.#failed ? 'SystemError' : 'ConnectionLoss', '/'))
      return
    }
    this.#queue.push(request)
    if (this.#draining) return
    this.#draining = true
    queueMicrotask(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      const first = batch[0]!
      if (first.type === 'end') await this.#endSessionNow(first.sessionId, first.done)
      else await this.#run(batch)
    }
    this.#draining = false
  }

  #takeBatch(): Request[] {
    let count = 0
    let operations = 0
    for (const request of this.#queue) {
      if (request.type === 'end' && count > 0) break
      count++
      if (request.type === 'end') break
      if (request.type === 'write') operations += request.operations.length
      if (operations >= BATCH_OPERATIONS_MAX) break
    }
    return this.#queue.splice(0, count)
  }

  async #run(batch: readonly Request[]): Promise<void> {
    const draft: Draft = new Map()
    /** In batch order: what happens once the draft is durable. */
    const answers: (() => void)[] = []
    const rejects: ((error: StoreError) => void)[] = []
    const nowMs = this.#clock.nowMs()
    for (const request of batch) {
      if (request.type === 'read') answers.push(request.run)
      else if (request.type === 'write') answers.push(this.#apply(draft, request, nowMs))
      if (request.type !== 'end') rejects.push(request.reject)
    }
    if (!(await this.#makeDurable(draft))) {
      for (const reject of rejects) reject(new StoreError('SystemError', '/'))
      return
    }
    this.tree.commit(draft)
    for (const answer of answers) answer()
  }

  #apply(draft: Draft, { sessionId, operations, resolve, reject }: Write, nowMs: number): () => void {
    const zxid = this.#lastZxid + 1
    const outcome = this.tree.apply(draft, operations, { zxid, sessionId, nowMs })
    if (!outcome.ok) {
      const { code, path, operationIndex } = outcome
      return () => reject(new StoreError(code, path, { operationIndex }))
    }
    this.#lastZxid = zxid
    return () => {
      this.#publish(outcome.events)
      resolve(outcome.results)
    }
  }

  async #endSessionNow(sessionId: number, done: () => void): Promise<void> {
    const operations: Operation[] = []
    for (const path of this.tree.ephemeralsOf(sessionId)) {
      operations.push({ type: 'delete', path, expectedVersion: -1 })
    }
    this.#sessions.delete(sessionId)
    if (operations.length > 0) {
      await this.#run([{ type: 'write', sessionId, operations, resolve: () => {}, reject: () => {} }])
    }
    if (!this.#failed) this.tree.forgetSession(sessionId)
    done()
  }

  async #makeDurable(draft: Draft): Promise<boolean> {
    if (draft.size === 0 || this.#persist === undefined) return true
    if (this.#failed) return false
    try {
      await this.#persist(draft, this.#lastZxid)
      return true
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  #fail(error: unknown): void {
    this.#failed = true
    const waiting = this.#queue
    this.#queue = []
    for (const request of waiting) {
      if (request.type === 'end') request.done()
      else request.reject(new StoreError('SystemError', '/', { cause: error }))
    }
    this.#onFailure(error)
  }

  #publish(events: readonly TreeEvent[]): void {
    for (const event of events) for (const session of this.#sessions.values()) session.deliver(event)
  }
}
