/**
 * One client of a TreeEngine: its session, its watches, its root (chroot). Beyond MetadataStore it can be made to
 * lose its connection or its session, which the tests of everything above need.
 *
 *   connected --disconnect--> disconnected --reconnect--> connected
 *   connected | disconnected --expire--> expired --renew--> connected (a new session id)
 *   any --close--> closed
 *
 * While disconnected, calls fail and watch events wait for the reconnect, as with a real server on the other side.
 */
import {
  type CreateOptions,
  type MetadataStore,
  type NodeData,
  type Operation,
  type OperationResult,
  type SessionEvent,
  type Stat,
  StoreError,
  type StoreErrorCode,
  type WatchEvent,
  type Watcher,
} from './metadata-store.ts'
import type { TreeEngine } from './tree-engine.ts'
import { isValidPath, parentOf, statOf, type TreeEvent } from './znode-tree.ts'

type SessionState = 'connected' | 'disconnected' | 'expired' | 'closed'

export class TreeSession implements MetadataStore {
  readonly #engine: TreeEngine
  readonly #chroot: string
  readonly #listeners = new Set<(event: SessionEvent) => void>()
  /** One-shot watches by full path: on the node (get, exists) and on its children. */
  readonly #nodeWatches = new Map<string, Set<Watcher>>()
  readonly #childWatches = new Map<string, Set<Watcher>>()
  /** Events of the time without a connection; at most one for each watch. */
  #held: (() => void)[] = []
  #state: SessionState = 'connected'
  #sessionId: number
  #pendingWrites = 0

  /** `chroot` is '' or a path whose node is made with `ensurePath` on a store without chroot. */
  constructor(engine: TreeEngine, chroot: string) {
    if (chroot !== '' && (chroot === '/' || !isValidPath(chroot)))
      throw new StoreError('BadArguments', chroot)
    this.#engine = engine
    this.#chroot = chroot
    this.#sessionId = engine.openSession(this)
  }

  get sessionId(): number {
    return this.#sessionId
  }

  get(path: string, watcher?: Watcher): Promise<NodeData | undefined> {
    return this.#read(path, (full) => {
      const node = this.#engine.tree.get(full)
      if (node === undefined) return undefined
      if (watcher !== undefined) addWatch(this.#nodeWatches, full, watcher)
      return { data: node.data, stat: statOf(node) }
    })
  }

  exists(path: string, watcher?: Watcher): Promise<Stat | undefined> {
    return this.#read(path, (full) => {
      if (watcher !== undefined) addWatch(this.#nodeWatches, full, watcher)
      const node = this.#engine.tree.get(full)
      return node === undefined ? undefined : statOf(node)
    })
  }

  children(path: string, watcher?: Watcher): Promise<string[] | undefined> {
    return this.#read(path, (full) => {
      const names = this.#engine.tree.children(full)
      if (names !== undefined && watcher !== undefined) addWatch(this.#childWatches, full, watcher)
      return names
    })
  }

  async create(path: string, data: Buffer | string, options: CreateOptions = {}): Promise<OperationResult> {
    return (await this.multi([{ type: 'create', path, data, ...options }]))[0]!
  }

  async set(path: string, data: Buffer | string, expectedVersion: number): Promise<OperationResult> {
    return (await this.multi([{ type: 'set', path, data, expectedVersion }]))[0]!
  }

  async delete(path: string, expectedVersion: number): Promise<OperationResult> {
    return (await this.multi([{ type: 'delete', path, expectedVersion }]))[0]!
  }

  async multi(operations: readonly Operation[]): Promise<OperationResult[]> {
    const refusal = this.#refusal()
    if (refusal !== undefined) throw new StoreError(refusal, operations[0]?.path ?? '/')
    if (operations.length === 0) return []
    const rooted =
      this.#chroot === '' ? operations : operations.map((each) => ({ ...each, path: this.#full(each.path) }))
    this.#pendingWrites++
    try {
      const results = await this.#engine.write(this.#sessionId, rooted)
      return results.map((each) => ({ ...each, path: this.#stripped(each.path) }))
    } finally {
      this.#pendingWrites--
    }
  }

  onSessionEvent(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    const ended = this.#state === 'expired'
    this.#state = 'closed'
    this.#dropWatches()
    if (!ended) await this.#engine.endSession(this.#sessionId)
  }

  /** Loses the connection, keeps the session. */
  disconnect(): void {
    if (this.#state !== 'connected') return
    this.#state = 'disconnected'
    this.#announce('disconnected')
  }

  reconnect(): void {
    if (this.#state !== 'disconnected') return
    this.#state = 'connected'
    this.#announce('connected')
    const held = this.#held
    this.#held = []
    for (const deliver of held) deliver()
  }

  /** The session ends as if the engine had not heard from this client for too long. */
  async expire(): Promise<void> {
    if (this.#state === 'closed' || this.#state === 'expired') return
    this.#state = 'expired'
    this.#dropWatches()
    await this.#engine.endSession(this.#sessionId)
    this.#announce('expired')
  }

  /** After expire: a new session on the same handle. */
  renew(): void {
    if (this.#state !== 'expired') return
    this.#sessionId = this.#engine.openSession(this)
    this.#state = 'connected'
    this.#announce('connected')
  }

  /** For the engine: a committed change. */
  deliver(event: TreeEvent): void {
    const parent = parentOf(event.path)
    const watchers = new Set(takeWatches(this.#nodeWatches, event.path))
    if (event.type === 'deleted')
      for (const each of takeWatches(this.#childWatches, event.path)) watchers.add(each)
    if (watchers.size > 0) this.#notify(watchers, { type: event.type, path: this.#stripped(event.path) })
    if (event.type === 'dataChanged' || event.path === '/') return
    const ofParent = takeWatches(this.#childWatches, parent)
    if (ofParent.size > 0) this.#notify(ofParent, { type: 'childrenChanged', path: this.#stripped(parent) })
  }

  /** In microtasks, so that a watcher that throws ends the process and not the engine's turn. */
  #notify(watchers: ReadonlySet<Watcher>, event: WatchEvent): void {
    const deliver = (): void => {
      for (const watcher of watchers) queueMicrotask(() => watcher(event))
    }
    if (this.#state === 'disconnected') this.#held.push(deliver)
    else deliver()
  }

  #read<T>(path: string, read: (fullPath: string) => T): Promise<T> {
    const refusal = this.#refusal() ?? (isValidPath(path) ? undefined : 'BadArguments')
    if (refusal !== undefined) return Promise.reject(new StoreError(refusal, path))
    const full = this.#full(path)
    if (this.#pendingWrites > 0) return this.#engine.readAfterWrites(() => read(full))
    return Promise.resolve(read(full))
  }

  #refusal(): StoreErrorCode | undefined {
    if (this.#engine.failed) return 'SystemError'
    if (this.#state === 'connected') return undefined
    return this.#state === 'disconnected' ? 'ConnectionLoss' : 'SessionExpired'
  }

  #full(path: string): string {
    if (this.#chroot === '') return path
    return path === '/' ? this.#chroot : this.#chroot + path
  }

  #stripped(path: string): string {
    if (this.#chroot === '') return path
    return path === this.#chroot ? '/' : path.slice(this.#chroot.length)
  }

  #dropWatches(): void {
    this.#nodeWatches.clear()
    this.#childWatches.clear()
    this.#held = []
  }

  #announce(event: SessionEvent): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(event))
  }
}

function addWatch(watches: Map<string, Set<Watcher>>, path: string, watcher: Watcher): void {
  const watchers = watches.get(path)
  if (watchers === undefined) watches.set(path, new Set([watcher]))
  else watchers.add(watcher)
}

function takeWatches(watches: Map<string, Set<Watcher>>, path: string): Set<Watcher> {
  const watchers = watches.get(path)
  watches.delete(path)
  return watchers ?? NO_WATCHERS
}

const NO_WATCHERS: Set<Watcher> = new Set()
